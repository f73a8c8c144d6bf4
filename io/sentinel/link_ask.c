/*
 * link_ask.c — what is said to servers and other Sentinels: first words, requests, orders.
 */
#include "io/sentinel/service_priv.h"

#include <stdio.h>

/* The command has the name that the master's servers know it by. */
static void link_say(const struct link *l, struct wire *w, struct expect what,
                     const char *const *words, size_t n)
{
    struct bytes list[8];
    LK_ASSERT(n > 0 && n <= sizeof list / sizeof *list);
    for (size_t i = 0; i < n; i++)
        list[i] = bytes_cstr(words[i]);
    if (l->hellos)
        list[0] = conf_renamed(l->conf, list[0]);
    wire_say(w, what, list, n);
}
#define SAY(l, w, request, ...)                                                                    \
    link_say(l, w, (struct expect){.what = (request)}, (const char *const[]){__VA_ARGS__},         \
             sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

/* The words that let us in: the master's, or those of Sentinels among themselves. */
static void wire_auth(const struct sentinel_service *v, const struct link *l, struct wire *w)
{
    const struct buf *user = l->hellos ? &l->conf->auth_user : &v->user;
    const struct buf *pass = l->hellos ? &l->conf->auth_pass : &v->pass;
    const struct bytes auth =
        l->hellos ? conf_renamed(l->conf, bytes_cstr("AUTH")) : bytes_cstr("AUTH");
    struct bytes words[3] = {auth, buf_bytes(user), buf_bytes(pass)};
    if (!l->hellos && pass->size == 0) /* Sentinels of one house have one password */
        words[2] = config_current(v->parts.config)->dispatch.requirepass;
    if (words[2].size == 0)
        return;
    if (user->size > 0) {
        wire_say(w, (struct expect){.what = EXPECT_NOTHING}, words, 3);
        return;
    }
    words[1] = words[2];
    wire_say(w, (struct expect){.what = EXPECT_NOTHING}, words, 2);
}

void link_greet(struct sentinel_service *v, struct link *l, struct wire *w)
{
    const bool commands = w == &l->wires[WIRE_COMMANDS];
    char name[64];
    wire_auth(v, l, w);
    (void)snprintf(name, sizeof name, "sentinel-%.8s-%s", v->machine.id,
                   commands ? "cmd" : "pubsub");
    SAY(l, w, EXPECT_NOTHING, "CLIENT", "SETNAME", name);
    if (commands)
        sentinel_link(&v->machine, l->node, true);
    else
        SAY(l, w, EXPECT_NOTHING, "SUBSCRIBE", "__sentinel__:hello");
}

void link_kill_script(struct link *l)
{
    SAY(l, &l->wires[WIRE_COMMANDS], EXPECT_NOTHING, "SCRIPT", "KILL");
}

/* REPLICAOF, and what keeps clients from a server whose role has changed. */
static void ask_reconfigure(const struct link *l, struct wire *w, const char *host,
                            const char *port)
{
    SAY(l, w, EXPECT_NOTHING, "MULTI");
    SAY(l, w, EXPECT_NOTHING, "SLAVEOF", host, port);
    SAY(l, w, EXPECT_NOTHING, "CONFIG", "REWRITE");
    SAY(l, w, EXPECT_NOTHING, "CLIENT", "KILL", "TYPE", "normal");
    SAY(l, w, EXPECT_NOTHING, "CLIENT", "KILL", "TYPE", "pubsub");
    SAY(l, w, EXPECT_NOTHING, "EXEC");
}

static void ask_hello(struct sentinel_service *v, struct link *l, const char *text)
{
    struct buf own = {0};
    buf_append_cstr(&own, v->announce_ip[0] ? v->announce_ip : l->local);
    buf_append_cstr(&own, strchr(text, ','));
    buf_append_char(&own, '\0');
    SAY(l, &l->wires[WIRE_COMMANDS], SENTINEL_ASK_HELLO, "PUBLISH", "__sentinel__:hello", own.data);
    buf_release(&own);
}

/* Of several masters on one link: whose answer it will be is noted. */
static void ask_down(struct link *l, struct sentinel_node *to, const char *host, const char *port,
                     const char *epoch, const char *run_id)
{
    const char *const words[] = {"SENTINEL", "is-master-down-by-addr", host, port, epoch, run_id};
    link_say(l, &l->wires[WIRE_COMMANDS], (struct expect){.what = SENTINEL_ASK_DOWN, .node = to},
             words, sizeof words / sizeof *words);
}

void links_ask(void *ctx, struct sentinel_node *to, const struct sentinel_call *call)
{
    struct sentinel_service *v = ctx;
    struct link *l = to->owner;
    char port[16] = "", epoch[24] = "";
    if (!l)
        return;
    struct wire *w = &l->wires[WIRE_COMMANDS];
    v->said = true;
    if (call->addr)
        (void)snprintf(port, sizeof port, "%u", call->addr->port);
    (void)snprintf(epoch, sizeof epoch, "%lld", (long long)call->epoch);
    const char *host = call->addr ? sentinel_shown_host(&v->machine, call->addr) : "";
    switch (call->what) {
    case SENTINEL_ASK_PING:
        SAY(l, w, SENTINEL_ASK_PING, "PING");
        break;
    case SENTINEL_ASK_INFO:
        SAY(l, w, SENTINEL_ASK_INFO, "INFO");
        break;
    case SENTINEL_ASK_HELLO:
        ask_hello(v, l, call->text);
        break;
    case SENTINEL_ASK_DOWN:
        ask_down(l, to, host, port, epoch, call->text);
        break;
    case SENTINEL_ASK_PROMOTE:
        ask_reconfigure(l, w, "NO", "ONE");
        break;
    case SENTINEL_ASK_FOLLOW:
        ask_reconfigure(l, w, host, port);
        break;
    case SENTINEL_ASK_PAUSE:
        (void)snprintf(epoch, sizeof epoch, "%d", SENTINEL_PAUSE_MS);
        SAY(l, w, EXPECT_NOTHING, "CLIENT", "PAUSE", epoch, "WRITE");
        break;
    }
}
