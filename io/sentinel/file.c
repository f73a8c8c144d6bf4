/*
 * file.c — a Sentinel's lines of the configuration file, read and written.
 *
 * The file is the Sentinel's memory (Q1): it is written whole, synced and renamed by CONFIG
 * REWRITE's own code, with these lines in the place of the old ones.
 */
#include "io/sentinel/service_priv.h"

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/mem.h"

#include <inttypes.h>
#include <netdb.h>
#include <stdio.h>
#include <sys/socket.h>

struct master_conf *conf_of(struct sentinel_service *v, const char *name)
{
    struct master_conf *c = v->confs;
    while (c && strcmp(c->name, name) != 0)
        c = c->next;
    if (c)
        return c;
    c = mem_new(struct master_conf);
    (void)snprintf(c->name, sizeof c->name, "%s", name);
    c->next = v->confs;
    v->confs = c;
    return c;
}

void conf_remove(struct sentinel_service *v, const char *name)
{
    struct master_conf **at = &v->confs;
    while (*at && strcmp((*at)->name, name) != 0)
        at = &(*at)->next;
    struct master_conf *c = *at;
    if (!c)
        return;
    *at = c->next;
    buf_release(&c->auth_user);
    buf_release(&c->auth_pass);
    mem_delete(c);
}

/* --- reading --------------------------------------------------------------------------------- */

static bool option_number(struct bytes value, int64_t *out)
{
    return bytes_to_int64(value, out) && *out > 0;
}

static void option_text(struct buf *b, struct bytes value)
{
    b->size = 0;
    buf_append_bytes(b, value);
}

const char *file_set_option(struct sentinel_service *v, struct sentinel_master *m,
                            struct bytes option, struct bytes value)
{
    static const char bad[] = "negative or zero time parameter.";
    int64_t n = 0;
    if (bytes_is_word(option, "down-after-milliseconds")) {
        if (!option_number(value, &n))
            return bad;
        m->down_after_ms = n;
    } else if (bytes_is_word(option, "failover-timeout")) {
        if (!option_number(value, &n))
            return bad;
        m->failover_timeout_ms = n;
    } else if (bytes_is_word(option, "parallel-syncs")) {
        if (!option_number(value, &n) || n > UINT32_MAX)
            return "Invalid value";
        m->parallel_syncs = (uint32_t)n;
    } else if (bytes_is_word(option, "quorum")) {
        if (!option_number(value, &n) || n > SENTINEL_PEERS_MAX)
            return "Invalid value";
        m->quorum = (uint32_t)n;
    } else if (bytes_is_word(option, "auth-pass")) {
        option_text(&conf_of(v, m->name)->auth_pass, value);
    } else if (bytes_is_word(option, "auth-user")) {
        option_text(&conf_of(v, m->name)->auth_user, value);
    } else {
        return "Unknown option or number of arguments for SENTINEL SET";
    }
    return NULL;
}

/* A name becomes an address now; an address stays as it is written. */
static bool file_resolve(struct bytes host, char out[SENTINEL_HOST_MAX])
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
    if (host.size == 0 || host.size >= SENTINEL_HOST_MAX)
        return false;
    memcpy(out, host.data, host.size);
    out[host.size] = '\0';
    if (getaddrinfo(out, NULL, &hints, &found) != 0)
        return false;
    const bool well = getnameinfo(found->ai_addr, found->ai_addrlen, out, SENTINEL_HOST_MAX, NULL,
                                  0, NI_NUMERICHOST) == 0;
    freeaddrinfo(found);
    return well;
}

const char *file_monitor(struct sentinel_service *v, struct bytes name, struct bytes host,
                         struct bytes port, struct bytes quorum)
{
    int64_t port_number = 0, quorum_number = 0;
    char text[SENTINEL_NAME_MAX], address[SENTINEL_HOST_MAX];
    if (name.size == 0 || name.size >= sizeof text)
        return "Invalid master name";
    memcpy(text, name.data, name.size);
    text[name.size] = '\0';
    if (!bytes_to_int64(quorum, &quorum_number) || quorum_number <= 0 ||
        quorum_number > SENTINEL_PEERS_MAX)
        return "Quorum must be 1 or greater.";
    if (!bytes_to_int64(port, &port_number) || port_number < 1 || port_number > UINT16_MAX)
        return "Invalid port number";
    if (sentinel_find_master(&v->machine, text))
        return "Duplicate master name.";
    if (!file_resolve(host, address))
        return "Can't resolve instance hostname.";
    (void)sentinel_add_master(&v->machine, text, address, (uint16_t)port_number,
                              (uint32_t)quorum_number);
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

static bool file_addr(struct sentinel_addr *a, struct bytes host, struct bytes port)
{
    int64_t n = 0;
    if (!bytes_to_int64(port, &n) || n < 1 || n > UINT16_MAX || host.size == 0 ||
        host.size >= sizeof a->host)
        return false;
    memcpy(a->host, host.data, host.size);
    a->host[host.size] = '\0';
    a->port = (uint16_t)n;
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
    } else if (bytes_is_word(w[1], "current-epoch")) {
        if (!file_epoch(w[2], &v->machine.current_epoch))
            return "Invalid epoch";
    } else if (bytes_is_word(w[1], "announce-ip")) {
        if (w[2].size >= sizeof v->announce_ip)
            return "Invalid address";
        memcpy(v->announce_ip, w[2].data, w[2].size);
        v->announce_ip[w[2].size] = '\0';
        if (w[2].size > 0)
            memcpy(v->machine.addr.host, v->announce_ip, sizeof v->announce_ip);
    } else if (bytes_is_word(w[1], "announce-port")) {
        int64_t n = 0;
        if (!bytes_to_int64(w[2], &n) || n < 0 || n > UINT16_MAX)
            return "Invalid port number";
        v->announce_port = (uint16_t)n;
        if (n > 0)
            v->machine.addr.port = (uint16_t)n;
    } else {
        *known = false;
    }
    return NULL;
}

const char *file_read_line(struct sentinel_service *v, const struct bytes *w, size_t n)
{
    static const char unknown[] = "Unrecognized sentinel configuration statement.";
    struct sentinel_addr addr;
    bool known = false;
    if (n == 6 && bytes_is_word(w[1], "monitor"))
        return file_monitor(v, w[2], w[3], w[4], w[5]);
    if (n == 3) {
        const char *why = file_read_own(v, w, &known);
        return known ? why : unknown;
    }
    if (n < 4)
        return unknown;
    struct sentinel_master *m = file_master(v, w[2]);
    if (!m)
        return "No such master with specified name.";
    if (n == 4 && bytes_is_word(w[1], "config-epoch"))
        return file_epoch(w[3], &m->config_epoch) ? NULL : "Invalid epoch";
    if (n == 4 && bytes_is_word(w[1], "leader-epoch"))
        return file_epoch(w[3], &m->leader_epoch) ? NULL : "Invalid epoch";
    if (n == 5 && (bytes_is_word(w[1], "known-replica") || bytes_is_word(w[1], "known-slave"))) {
        if (!file_addr(&addr, w[3], w[4]))
            return "Wrong hostname or port for replica.";
        struct sentinel_node *r = m->replicas;
        while (r && (r->addr.port != addr.port || strcmp(r->addr.host, addr.host) != 0))
            r = r->next;
        return r || sentinel_add_replica(&v->machine, m, &addr) ? NULL : "Too many replicas.";
    }
    if (n == 6 && bytes_is_word(w[1], "known-sentinel")) {
        char id[SENTINEL_ID_CHARS + 1];
        if (!file_addr(&addr, w[3], w[4]) || w[5].size != SENTINEL_ID_CHARS)
            return "Wrong hostname or port for sentinel.";
        memcpy(id, w[5].data, SENTINEL_ID_CHARS);
        id[SENTINEL_ID_CHARS] = '\0';
        return sentinel_add_peer(&v->machine, m, &addr, id) ? NULL : "Too many sentinels.";
    }
    if (n == 4 && !bytes_is_word(w[1], "quorum") && !file_set_option(v, m, w[1], w[3]))
        return NULL;
    return unknown;
}

/* --- writing --------------------------------------------------------------------------------- */

/* Lines in one buffer, found by their ends. */
struct lines {
    struct buf text;
    size_t *ends;
    size_t count, capacity;
};

static void lines_end(struct lines *l)
{
    if (l->count == l->capacity) {
        const size_t more = l->capacity ? 2 * l->capacity : 32;
        l->ends = mem_realloc(l->ends, l->capacity * sizeof *l->ends, more * sizeof *l->ends);
        l->capacity = more;
    }
    l->ends[l->count++] = l->text.size;
}

static void lines_secret(struct lines *l, const char *option, const char *name,
                         const struct buf *value)
{
    if (value->size == 0)
        return;
    buf_printf(&l->text, "sentinel %s %s \"", option, name);
    for (size_t i = 0; i < value->size; i++)
        buf_printf(&l->text, "\\x%02x", (unsigned char)value->data[i]);
    buf_append_char(&l->text, '"');
    lines_end(l);
}

static void lines_number(struct lines *l, const char *option, const char *name, int64_t value)
{
    buf_printf(&l->text, "sentinel %s %s %" PRId64, option, name, value);
    lines_end(l);
}

static void lines_master(struct lines *l, struct sentinel_service *v,
                         const struct sentinel_master *m)
{
    const struct sentinel_addr *at = sentinel_master_addr(m);
    const struct master_conf *c = conf_of(v, m->name);
    buf_printf(&l->text, "sentinel monitor %s %s %u %u", m->name, at->host, at->port, m->quorum);
    lines_end(l);
    if (m->down_after_ms != 30000)
        lines_number(l, "down-after-milliseconds", m->name, m->down_after_ms);
    if (m->failover_timeout_ms != 180000)
        lines_number(l, "failover-timeout", m->name, m->failover_timeout_ms);
    if (m->parallel_syncs != 1)
        lines_number(l, "parallel-syncs", m->name, m->parallel_syncs);
    lines_secret(l, "auth-user", m->name, &c->auth_user);
    lines_secret(l, "auth-pass", m->name, &c->auth_pass);
    lines_number(l, "config-epoch", m->name, m->config_epoch);
    lines_number(l, "leader-epoch", m->name, m->leader_epoch);
    for (const struct sentinel_node *r = m->replicas; r; r = r->next) {
        /* The one that is promoted has become the master, and the master one of them. */
        const struct sentinel_addr *a = at == &r->addr ? &m->node.addr : &r->addr;
        buf_printf(&l->text, "sentinel known-replica %s %s %u", m->name, a->host, a->port);
        lines_end(l);
    }
    for (const struct sentinel_node *p = m->peers; p; p = p->next) {
        if (p->addr.port == 0)
            continue;
        buf_printf(&l->text, "sentinel known-sentinel %s %s %u %s", m->name, p->addr.host,
                   p->addr.port, p->run_id);
        lines_end(l);
    }
}

bool file_save(void *service)
{
    struct sentinel_service *v = service;
    struct lines l = {0};
    struct buf error = {0};
    const int64_t began_ms = clock_mono_ns() / 1000000;
    buf_printf(&l.text, "sentinel myid %s", v->machine.id);
    lines_end(&l);
    if (v->announce_ip[0]) {
        buf_printf(&l.text, "sentinel announce-ip %s", v->announce_ip);
        lines_end(&l);
    }
    if (v->announce_port) {
        buf_printf(&l.text, "sentinel announce-port %u", v->announce_port);
        lines_end(&l);
    }
    for (const struct sentinel_master *m = v->machine.masters; m; m = m->next)
        lines_master(&l, v, m);
    buf_printf(&l.text, "sentinel current-epoch %" PRId64, v->machine.current_epoch);
    lines_end(&l);
    struct bytes *lines = mem_alloc(l.count * sizeof *lines);
    for (size_t i = 0, from = 0; i < l.count; from = l.ends[i++])
        lines[i] = bytes_of(l.text.data + from, l.ends[i] - from);
    const struct config_owned_lines owned = {"sentinel", lines, l.count};
    const int rc = config_rewrite(v->parts.config, &owned, 1, &error);
    if (rc != LK_OK)
        log_line(LOG_WARNING,
                 "WARNING: Sentinel was not able to save the new configuration on "
                 "disk!!!: %.*s",
                 (int)error.size, error.data);
    mem_free(lines, l.count * sizeof *lines);
    mem_free(l.ends, l.capacity * sizeof *l.ends);
    buf_release(&l.text);
    buf_release(&error);
    v->saved_ms += clock_mono_ns() / 1000000 - began_ms;
    return rc == LK_OK;
}
