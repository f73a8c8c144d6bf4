/*
 * command_syntax.h — a command's arguments in one line, and as COMMAND DOCS shows them.
 *
 * Trees of arguments would be most of the code of their commands; a line of this small language
 * says the same:
 *
 *   list     = element *( " " element )
 *   element  = name [ ":" type | "{" list "}" | "<" list ">" ] [ "@" token ] *mark
 *   type     = "k" digit   key, by its key specification      "s"  string
 *              "p" [digit] pattern                            "i"  integer
 *              "u"         Unix time                          "d"  double
 *              without type, braces and angles: the token alone
 *   { }        all of these, in this order
 *   < >        one of these
 *   mark     = "?" optional | "*" repeated | "+" repeated with its token
 *            | "^" version since then | "~" version no longer since then
 *
 * A token ends at a space, a bracket or a mark, but for its first character: "x@~" is one.
 *
 *   key:k0 value:s condition<nx@NX xx@XX>? seconds:i@EX?
 */
#ifndef LK_CMD_COMMAND_SYNTAX_H
#define LK_CMD_COMMAND_SYNTAX_H

#include "core/proto/resp_write.h"

LK_BEGIN

/* Writes the array of arguments; a line that is none of the language is our bug. */
void reply_command_syntax(struct reply *r, const char *line);

LK_END

#endif
