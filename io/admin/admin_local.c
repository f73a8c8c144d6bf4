/*
 * admin_local.c — who is on this machine, for directives that say "local".
 */
#include "io/admin/admin_priv.h"

bool admin_is_local(const struct session *s)
{
    const char *peer = s->registry.peer;

    if (session_has(s, SESSION_UNIX) || !peer)
        return true; /* no peer: the server's own session */
    return strncmp(peer, "127.0.0.1:", 10) == 0 || strncmp(peer, "::1:", 4) == 0 ||
           strncmp(peer, "[::1]:", 6) == 0;
}
