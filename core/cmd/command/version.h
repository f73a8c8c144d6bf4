/*
 * version.h — what we say we are.
 *
 * Clients choose features by redis_version, so it names the release whose behaviour is kept.  The
 * server's own version, LATCHKEY_VERSION, comes from the build.
 */
#ifndef LK_CMD_VERSION_H
#define LK_CMD_VERSION_H

#define REDIS_VERSION "7.4.0"

#endif
