/*
 * resp_parse_priv.h — what the two forms of a request share.
 */
#ifndef LK_PROTO_RESP_PARSE_PRIV_H
#define LK_PROTO_RESP_PARSE_PRIV_H

#include "core/proto/resp_parse.h"

enum line_state { LINE_FOUND, LINE_MORE, LINE_TOO_BIG };

/*
 * Looks for the byte end in s[0..n-1], of which the first *seen bytes are known not to hold it,
 * up to a NUL.  LINE_FOUND sets *length to the bytes before it; LINE_MORE moves *seen on.
 */
enum line_state resp_find_line(const char *s, size_t n, char end, size_t *seen, size_t *length);

/* Room for n arguments (of text bytes) in a; false when the memory cannot be had. */
bool resp_args_reserve(struct resp_args *a, uint32_t n);
bool resp_args_reserve_text(struct resp_args *a, size_t n);

extern const char resp_error_no_memory[];

enum resp_outcome resp_parse_inline(struct resp_progress *p, const char *data, size_t size,
                                    struct resp_args *out, size_t *consumed, const char **error);

#endif
