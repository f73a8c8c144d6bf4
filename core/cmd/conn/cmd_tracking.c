/*
 * cmd_tracking.c — CLIENT TRACKING, CACHING, TRACKINGINFO and GETREDIR.
 *
 * The words are checked here; what tracking does is the engine's (exec_tracking.h).
 */
#include "core/base/mem.h"
#include "core/cmd/client/registry.h"
#include "core/cmd/conn/cmd_client.h"
#include "core/cmd/engine/dispatch.h"
#include "core/cmd/engine/exec_tracking.h"

enum { ONE_WAY = SESSION_TRACKING_OPTIN | SESSION_TRACKING_OPTOUT };

struct tracking_words {
    struct tracking_wish wish;
    struct bytes *prefixes; /* room for as many as there are arguments */
    bool redirects;
};

static bool tracking_find_target(void *ctx, struct session *s)
{
    struct tracking_wish *w = ctx;
    if (session_has(s, SESSION_MASTER))
        return false; /* the link to a master reads no pushes */
    w->redirect = s->id;
    w->redirect_to = s->worker;
    return false;
}

static bool tracking_parse_redirect(struct exec *x, const struct args *a, uint32_t i,
                                    struct tracking_words *w)
{
    struct registry *r = dispatcher_engine(x->dispatcher)->fixed.registry;
    int64_t id;
    if (w->redirects) {
        reply_error(x->reply, "ERR A client can only redirect to a single other client");
        return false;
    }
    const int rc = args_int64(a, i, &id);
    if (rc != LK_OK) {
        reply_status(x, rc);
        return false;
    }
    w->redirects = true;
    if (registry_find(r, (uint64_t)id, tracking_find_target, &w->wish) && w->wish.redirect != 0)
        return true;
    reply_error(x->reply, "ERR The client ID you want redirect to does not exist");
    return false;
}

/* Writes the error line and returns false if the words behind ON or OFF are none. */
static bool tracking_parse(struct exec *x, const struct args *a, struct tracking_words *w)
{
    static const struct {
        const char *word;
        uint32_t flag;
    } words[] = {{"bcast", SESSION_TRACKING_BCAST},
                 {"optin", SESSION_TRACKING_OPTIN},
                 {"optout", SESSION_TRACKING_OPTOUT},
                 {"noloop", SESSION_TRACKING_NOLOOP}};
    for (uint32_t i = 3; i < a->n; i++) {
        size_t j = 0;
        while (j < sizeof words / sizeof words[0] && !args_is(a, i, words[j].word))
            j++;
        if (j < sizeof words / sizeof words[0]) {
            w->wish.flags |= words[j].flag;
        } else if (args_is(a, i, "redirect") && i + 1 < a->n) {
            if (!tracking_parse_redirect(x, a, ++i, w))
                return false;
        } else if (args_is(a, i, "prefix") && i + 1 < a->n) {
            w->prefixes[w->wish.count++] = a->v[++i];
        } else {
            reply_syntax(x);
            return false;
        }
    }
    return true;
}

/* Does one begin like the other? */
static bool tracking_overlap(struct bytes a, struct bytes b)
{
    const size_t n = a.size < b.size ? a.size : b.size;
    return n == 0 || memcmp(a.data, b.data, n) == 0;
}

static bool tracking_refuse_overlap(struct exec *x, struct bytes a, const char *which,
                                    struct bytes b)
{
    reply_error(x->reply,
                "ERR Prefix '%.*s' overlaps with %s '%.*s'. Prefixes for a single client must not "
                "overlap.",
                (int)a.size, a.data, which, (int)b.size, b.data);
    return false;
}

static bool tracking_prefixes_fit(struct exec *x, const struct tracking_wish *w)
{
    const struct client_tracking *own = x->session->tracking;
    for (uint32_t i = 0; i < w->count; i++) {
        for (uint32_t j = 0; own && j < own->count; j++)
            if (tracking_overlap(w->prefixes[i], own->prefixes[j]))
                return tracking_refuse_overlap(x, w->prefixes[i], "an existing prefix",
                                               own->prefixes[j]);
        for (uint32_t j = i + 1; j < w->count; j++)
            if (tracking_overlap(w->prefixes[i], w->prefixes[j]))
                return tracking_refuse_overlap(x, w->prefixes[i], "another provided prefix",
                                               w->prefixes[j]);
    }
    return true;
}

/* Why these words do not go together, or with what is on; NULL: they do. */
static const char *tracking_conflict(const struct session *s, const struct tracking_wish *w)
{
    const bool bcast = w->flags & SESSION_TRACKING_BCAST;
    if (!bcast && w->count > 0)
        return "ERR PREFIX option requires BCAST mode to be enabled";
    if (session_has(s, SESSION_TRACKING) && bcast != session_has(s, SESSION_TRACKING_BCAST))
        return "ERR You can't switch BCAST mode on/off before disabling tracking for this client, "
               "and then re-enabling it with a different mode.";
    if (bcast && w->flags & ONE_WAY)
        return "ERR OPTIN and OPTOUT are not compatible with BCAST";
    if ((w->flags & ONE_WAY) == ONE_WAY)
        return "ERR You can't specify both OPTIN mode and OPTOUT mode";
    if ((w->flags & SESSION_TRACKING_OPTIN && session_has(s, SESSION_TRACKING_OPTOUT)) ||
        (w->flags & SESSION_TRACKING_OPTOUT && session_has(s, SESSION_TRACKING_OPTIN)))
        return "ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, "
               "and then re-enabling it with a different mode.";
    return NULL;
}

static void tracking_begin(struct exec *x, const struct tracking_wish *wish)
{
    const char *conflict = tracking_conflict(x->session, wish);
    if (conflict) {
        reply_error(x->reply, "%s", conflict);
    } else if (tracking_prefixes_fit(x, wish)) {
        exec_tracking_on(x, wish);
        reply_ok(x->reply);
    }
}

enum outcome client_tracking(struct exec *x, const struct args *a)
{
    struct tracking_words w = {.prefixes = mem_alloc(a->n * sizeof(struct bytes))};
    w.wish.prefixes = w.prefixes;
    if (!exec_tracking(x)) {
        reply_error(x->reply, "ERR this server does not support client-side caching");
    } else if (!tracking_parse(x, a, &w)) {
        /* It has said why. */
    } else if (args_is(a, 2, "on")) {
        tracking_begin(x, &w.wish);
    } else if (args_is(a, 2, "off")) {
        exec_tracking_off(x);
        reply_ok(x->reply);
    } else {
        reply_syntax(x);
    }
    mem_free(w.prefixes, a->n * sizeof(struct bytes));
    return RUN_DONE;
}

enum outcome client_caching(struct exec *x, const struct args *a)
{
    struct session *s = x->session;
    const bool yes = args_is(a, 2, "yes");
    if (!session_has(s, SESSION_TRACKING)) {
        reply_error(x->reply, "ERR CLIENT CACHING can be called only when the client is in "
                              "tracking mode with OPTIN or OPTOUT mode enabled");
        return RUN_DONE;
    }
    if (!yes && !args_is(a, 2, "no"))
        return reply_syntax(x);
    if (!session_has(s, yes ? SESSION_TRACKING_OPTIN : SESSION_TRACKING_OPTOUT)) {
        reply_error(x->reply,
                    "ERR CLIENT CACHING %s is only valid when tracking is enabled in %s "
                    "mode.",
                    yes ? "YES" : "NO", yes ? "OPTIN" : "OPTOUT");
        return RUN_DONE;
    }
    session_set(s, SESSION_CACHING, true);
    reply_ok(x->reply);
    return RUN_DONE;
}

enum outcome client_getredir(struct exec *x, const struct args *a)
{
    (void)a;
    reply_int(x->reply, x->session->shown.redirect);
    return RUN_DONE;
}

/* Words of the session's modes, at most MODES; returns how many. */
enum { MODES = 8 };
static uint32_t tracking_modes(const struct session *s, const char *words[MODES])
{
    static const struct {
        uint32_t flag, with; /* both are on */
        const char *word;
    } modes[] = {{SESSION_TRACKING_BCAST, 0, "bcast"},
                 {SESSION_TRACKING_OPTIN, 0, "optin"},
                 {SESSION_TRACKING_OPTIN, SESSION_CACHING, "caching-yes"},
                 {SESSION_TRACKING_OPTOUT, 0, "optout"},
                 {SESSION_TRACKING_OPTOUT, SESSION_CACHING, "caching-no"},
                 {SESSION_TRACKING_NOLOOP, 0, "noloop"},
                 {SESSION_TRACKING_BROKEN, 0, "broken_redirect"}};
    uint32_t n = 0;
    words[n++] = session_has(s, SESSION_TRACKING) ? "on" : "off";
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++)
        if (session_has(s, modes[i].flag) && (modes[i].with == 0 || session_has(s, modes[i].with)))
            words[n++] = modes[i].word;
    return n;
}

enum outcome client_trackinginfo(struct exec *x, const struct args *a)
{
    const struct session *s = x->session;
    const struct client_tracking *own = s->tracking;
    const char *words[MODES];
    const uint32_t modes = tracking_modes(s, words), prefixes = own ? own->count : 0;
    (void)a;
    reply_map(x->reply, 3);
    reply_bulk_cstr(x->reply, "flags");
    reply_set(x->reply, modes);
    for (uint32_t i = 0; i < modes; i++)
        reply_bulk_cstr(x->reply, words[i]);
    reply_bulk_cstr(x->reply, "redirect");
    reply_int(x->reply, s->shown.redirect);
    reply_bulk_cstr(x->reply, "prefixes");
    reply_array(x->reply, prefixes);
    for (uint32_t i = 0; i < prefixes; i++)
        reply_bulk(x->reply, own->prefixes[i]);
    return RUN_DONE;
}
