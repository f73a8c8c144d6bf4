/*
 * check.h — the program as a tool that looks at files: latchkey-check-rdb, latchkey-check-aof.
 *
 *   latchkey-server --check-rdb FILE
 *   latchkey-server --check-aof [--fix | --truncate-to-timestamp T] FILE.manifest | FILE
 *
 * Under a name that ends in check-rdb or check-aof (a link) the first word may be left out.
 *
 * Errors   exit code 0: all is well, or was made so; 1: it is not
 */
#ifndef LK_IO_CHECK_H
#define LK_IO_CHECK_H

#include "core/base/attr.h"

LK_BEGIN

/* -1: this start asks for no check; else the exit code.  Before anything else is made. */
int check_run(int argc, char **argv);

LK_END

#endif
