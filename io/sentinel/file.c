/*
 * file.c — a Sentinel's lines of the configuration file, read and written.
 *
 * The file is the Sentinel's memory (Q1): it is written whole, synced and renamed by CONFIG
 * REWRITE's own code, with these lines in the place of the old ones.
 */
#include "io/sentinel/service_priv.h"

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/trace.h"

#include <inttypes.h>
#include <stdio.h>

/* --- reading --------------------------------------------------------------------------------- */

/* What does not resolve now may later: its name stands for it until then. */
static bool file_addr(struct sentinel_service *v, struct sentinel_addr *a, struct bytes host,
                      struct bytes port)
{
    int64_t n = 0;
    if (!bytes_to_int64(port, &n) || n < 1 || n > UINT16_MAX || host.size == 0 ||
        host.size >= sizeof a->host || memchr(host.data, '\0', host.size))
        return false;
    memcpy(a->host, host.data, host.size);
    a->host[host.size] = '\0';
    a->name[0] = '\0';
    a->port = (uint16_t)n;
    return names_resolve(v, a) || a->name[0] != '\0';
}

const char *file_monitor(struct sentinel_service *v, struct bytes name, struct bytes host,
                         struct bytes port, struct bytes quorum)
{
    int64_t port_number = 0, quorum_number = 0;
    char text[SENTINEL_NAME_MAX];
    struct sentinel_addr addr;
    if (name.size == 0 || name.size >= sizeof text || memchr(name.data, '\0', name.size))
        return "Invalid master name";
    memcpy(text, name.data, name.size);
    text[name.size] = '\0';
    if (!bytes_to_int64(quorum, &quorum_number) || quorum_number <= 0 ||
        quorum_number > SENTINEL_PEERS_MAX)
        return "Quorum must be 1 or greater.";
    if (!bytes_to_int64(port, &port_number) || port_number < 1 || port_number > UINT16_MAX)
        return "Invalid port number.";
    if (sentinel_find_master(&v->machine, text))
        return "Duplicate master name.";
    if (!file_addr(v, &addr, host, port))
        return "Can't resolve instance hostname.";
    struct sentinel_master *m =
        sentinel_add_master(&v->machine, text, addr.host, addr.port, (uint32_t)quorum_number);
    m->node.addr = addr;
    (void)conf_of(v, text);
    return NULL;
}

static struct sentinel_master *file_master(const struct sentinel_service *v, struct bytes name)
{
    char text[SENTINEL_NAME_MAX];
    if (name.size >= sizeof text)
        return NULL;
    memcpy(text, name.data, name.size);
    text[name.size] = '\0';
    return sentinel_find_master(&v->machine, text);
}

static bool file_epoch(struct bytes value, int64_t *out)
{
    int64_t n = 0;
    if (!bytes_to_int64(value, &n) || n < 0)
        return false;
    if (n > *out)
        *out = n;
    return true;
}

/* "sentinel myid ...", "announce-ip ...": what concerns no master. */
static const char *file_read_own(struct sentinel_service *v, const struct bytes *w, bool *known)
{
    *known = true;
    if (bytes_is_word(w[1], "myid")) {
        if (w[2].size != SENTINEL_ID_CHARS)
            return "Malformed Sentinel id in myid option.";
        memcpy(v->machine.id, w[2].data, SENTINEL_ID_CHARS);
        return NULL;
    }
    if (bytes_is_word(w[1], "current-epoch"))
        return file_epoch(w[2], &v->machine.current_epoch) ? NULL : "Invalid epoch";
    const enum setting_rc rc = setting_set(v, w[1], w[2], false);
    *known = rc != SETTING_UNKNOWN;
    return rc == SETTING_BAD ? "Invalid value" : NULL;
}

static const char *file_read_replica(struct sentinel_service *v, struct sentinel_master *m,
                                     const struct bytes *w)
{
    struct sentinel_addr addr;
    if (!file_addr(v, &addr, w[3], w[4]))
        return "Wrong hostname or port for replica.";
    struct sentinel_node *r = m->replicas;
    while (r && (r->addr.port != addr.port || strcmp(r->addr.host, addr.host) != 0))
        r = r->next;
    return r || sentinel_add_replica(&v->machine, m, &addr) ? NULL : "Too many replicas.";
}

static const char *file_read_peer(struct sentinel_service *v, struct sentinel_master *m,
                                  const struct bytes *w)
{
    struct sentinel_addr addr;
    char id[SENTINEL_ID_CHARS + 1];
    if (!file_addr(v, &addr, w[3], w[4]) || w[5].size != SENTINEL_ID_CHARS)
        return "Wrong hostname or port for sentinel.";
    memcpy(id, w[5].data, SENTINEL_ID_CHARS);
    id[SENTINEL_ID_CHARS] = '\0';
    return sentinel_add_peer(&v->machine, m, &addr, id) ? NULL : "Too many sentinels.";
}

static const char unknown_line[] = "Unrecognized sentinel configuration statement.";

static const char *file_read_master(struct sentinel_service *v, struct sentinel_master *m,
                                    const struct bytes *w, size_t n)
{
    const char *why = NULL;
    if (n == 4 && bytes_is_word(w[1], "config-epoch"))
        return file_epoch(w[3], &m->config_epoch) ? NULL : "Invalid epoch";
    if (n == 4 && bytes_is_word(w[1], "leader-epoch"))
        return file_epoch(w[3], &m->leader_epoch) ? NULL : "Invalid epoch";
    if (n == 5 && (bytes_is_word(w[1], "known-replica") || bytes_is_word(w[1], "known-slave")))
        return file_read_replica(v, m, w);
    if (n == 6 && bytes_is_word(w[1], "known-sentinel"))
        return file_read_peer(v, m, w);
    /* The option and its values stand about the master's name. */
    struct bytes words[3] = {w[1], n > 3 ? w[3] : w[1], n > 4 ? w[4] : w[1]};
    const size_t used = n <= 5 ? option_set(v, m, words, n - 2, false, &why) : 0;
    if (used == n - 2)
        return NULL;
    return why && why[0] ? why : unknown_line;
}

static const char *file_read_line(struct sentinel_service *v, const struct bytes *w, size_t n)
{
    bool known = false;
    if (n == 3) {
        const char *why = file_read_own(v, w, &known);
        return known ? why : unknown_line;
    }
    if (n < 4)
        return unknown_line;
    if (bytes_is_word(w[1], "monitor"))
        return n == 6 ? file_monitor(v, w[2], w[3], w[4], w[5]) : unknown_line;
    struct sentinel_master *m = file_master(v, w[2]);
    return m ? file_read_master(v, m, w, n) : "No such master with specified name.";
}

/* What concerns no master, then masters, then what is said of them: the file has any order. */
static int file_turn(const struct config_directive *d)
{
    return d->argc <= 3 ? 0 : bytes_is_word(d->argv[1], "monitor") ? 1 : 2;
}

const char *file_read_lines(struct sentinel_service *v, const struct config_directive *lines,
                            const struct config_directive **bad)
{
    for (int turn = 0; turn <= 2; turn++)
        for (const struct config_directive *d = lines; d; d = d->next) {
            const char *why = file_turn(d) == turn ? file_read_line(v, d->argv, d->argc) : NULL;
            if (!why)
                continue;
            *bad = d;
            return why;
        }
    return NULL;
}

/* --- writing --------------------------------------------------------------------------------- */

/*
 * Lines by their kind: each kind is a directive of two words for the rewrite, so that a line stays
 * where the old file has one of that kind.
 */
enum { KINDS_MAX = 40 };

struct kind {
    char directive[48];
    struct buf text;     /* lines, each with its newline */
    struct bytes *lines; /* made at the end */
    size_t count;
};

struct kinds {
    struct kind v[KINDS_MAX];
    size_t n;
};

static struct buf *kinds_begin(struct kinds *k, const char *name)
{
    LK_ASSERT(k->n < KINDS_MAX);
    struct kind *kind = &k->v[k->n++];
    (void)snprintf(kind->directive, sizeof kind->directive, "sentinel %s", name);
    return &kind->text;
}

static void kind_cut(struct kind *k)
{
    struct bytes rest = buf_bytes(&k->text);
    for (size_t i = 0; i < rest.size; i++)
        k->count += rest.data[i] == '\n';
    k->lines = mem_alloc((k->count + 1) * sizeof *k->lines);
    for (size_t i = 0; i < k->count; i++) {
        const size_t size = (size_t)((const char *)memchr(rest.data, '\n', rest.size) - rest.data);
        k->lines[i] = bytes_of(rest.data, size);
        rest = bytes_of(rest.data + size + 1, rest.size - size - 1);
    }
}

static void kinds_release(struct kinds *k)
{
    for (size_t i = 0; i < k->n; i++) {
        buf_release(&k->v[i].text);
        mem_free(k->v[i].lines, (k->v[i].count + 1) * sizeof *k->v[i].lines);
    }
}

static void print_replicas(const struct sentinel_service *v, const struct sentinel_master *m,
                           struct buf *out)
{
    const struct sentinel_addr *at = sentinel_master_addr(m);
    for (const struct sentinel_node *r = m->replicas; r; r = r->next) {
        /* The one that is promoted has become the master, and the master one of them. */
        const struct sentinel_addr *a = at == &r->addr ? &m->node.addr : &r->addr;
        conf_print_head("known-replica", m->name, out);
        buf_printf(out, "%s %u\n", sentinel_shown_host(&v->machine, a), a->port);
    }
}

static void print_peers(const struct sentinel_service *v, const struct sentinel_master *m,
                        struct buf *out)
{
    for (const struct sentinel_node *p = m->peers; p; p = p->next) {
        if (p->addr.port == 0)
            continue;
        conf_print_head("known-sentinel", m->name, out);
        buf_printf(out, "%s %u %s\n", sentinel_shown_host(&v->machine, &p->addr), p->addr.port,
                   p->run_id);
    }
}

#define EACH_MASTER(v, m)                                                                          \
    for (const struct sentinel_master *m = (v)->machine.masters; m; m = m->next)

static void kinds_gather(struct kinds *k, struct sentinel_service *v)
{
    if (v->users.size > 0) {
        buf_append_bytes(kinds_begin(k, ""), buf_bytes(&v->users));
        (void)snprintf(k->v[0].directive, sizeof k->v[0].directive, "user");
    }
    struct buf *out = kinds_begin(k, "myid");
    buf_printf(out, "sentinel myid %s\n", v->machine.id);
    for (size_t i = 0; setting_name(i); i++)
        setting_print(v, i, kinds_begin(k, setting_name(i)));
    out = kinds_begin(k, "monitor");
    EACH_MASTER(v, m)
    {
        const struct sentinel_addr *at = sentinel_master_addr(m);
        conf_print_head("monitor", m->name, out);
        buf_printf(out, "%s %u %u\n", sentinel_shown_host(&v->machine, at), at->port, m->quorum);
    }
    for (size_t i = 0; option_name(i); i++) {
        out = kinds_begin(k, option_name(i));
        EACH_MASTER(v, m)
        option_print(v, m, i, out);
    }
    (void)kinds_begin(k, "primary-reboot-down-after-period"); /* other words for what is above */
    (void)kinds_begin(k, "known-slave");
    out = kinds_begin(k, "config-epoch");
    EACH_MASTER(v, m)
    {
        conf_print_head("config-epoch", m->name, out);
        buf_printf(out, "%" PRId64 "\n", m->config_epoch);
    }
    out = kinds_begin(k, "leader-epoch");
    EACH_MASTER(v, m)
    {
        conf_print_head("leader-epoch", m->name, out);
        buf_printf(out, "%" PRId64 "\n", m->leader_epoch);
    }
    out = kinds_begin(k, "known-replica");
    EACH_MASTER(v, m)
    print_replicas(v, m, out);
    out = kinds_begin(k, "known-sentinel");
    EACH_MASTER(v, m)
    print_peers(v, m, out);
    buf_printf(kinds_begin(k, "current-epoch"), "sentinel current-epoch %" PRId64 "\n",
               v->machine.current_epoch);
}

bool file_save(void *service)
{
    struct sentinel_service *v = service;
    struct kinds *k = mem_new(struct kinds);
    struct config_owned_lines owned[KINDS_MAX];
    struct buf error = {0};
    const int64_t began_ms = clock_mono_ns() / 1000000;
    kinds_gather(k, v);
    for (size_t i = 0; i < k->n; i++) {
        kind_cut(&k->v[i]);
        owned[i] = (struct config_owned_lines){k->v[i].directive, k->v[i].lines, k->v[i].count};
    }
    const int rc = config_rewrite(v->parts.config, owned, k->n, &error);
    if (rc == LK_OK)
        trace_line(TRACE_VERBOSE, "Sentinel new configuration saved on disk");
    else
        trace_line(TRACE_WARNING,
                   "WARNING: Sentinel was not able to save the new configuration on "
                   "disk!!!: %.*s",
                   (int)error.size, error.data);
    kinds_release(k);
    mem_delete(k);
    buf_release(&error);
    v->saved_ms += clock_mono_ns() / 1000000 - began_ms;
    return rc == LK_OK;
}
