/*
 * cluster_text.c — nodes as lines: CLUSTER NODES, and nodes.conf.
 *
 *   id ip:port@bus[,hostname[,name=value]…] flags master ping-sent pong-received epoch link slots…
 *
 * The file has these lines, and one that begins with "vars".  The names behind the hostname are
 * those of the servers that this node may change places with.
 */
#include "core/peer/cluster_priv.h"

static const struct {
    uint16_t flag;
    const char *word;
} flag_words[] = {
    {NODE_MYSELF, "myself"}, {NODE_MASTER, "master"},
    {NODE_REPLICA, "slave"}, {NODE_PFAIL, "fail?"},
    {NODE_FAIL, "fail"},     {NODE_HANDSHAKE, "handshake"},
    {NODE_NOADDR, "noaddr"}, {NODE_NOFAILOVER, "nofailover"},
};
enum { FLAG_WORDS = sizeof flag_words / sizeof flag_words[0] };

static const char *const client_words[CLIENT_FAMILIES] = {"client-ipv4", "client-ipv6"};

/* --- writing --------------------------------------------------------------------------------- */

static void cluster_write_flags(uint16_t flags, struct buf *out)
{
    const size_t before = out->size;
    for (size_t i = 0; i < FLAG_WORDS; i++)
        if (flags & flag_words[i].flag)
            buf_printf(out, "%s%s", out->size > before ? "," : "", flag_words[i].word);
    if (out->size == before)
        buf_append_cstr(out, "noflags");
}

/* The first slot from that on which the node has, or has not; HASH_SLOTS: there is none. */
static uint32_t cluster_next_slot(const struct cluster_node *n, uint32_t from, bool has)
{
    enum { AT_ONCE = 64 };
    const uint8_t none = has ? 0 : 0xff;
    while (from < HASH_SLOTS && slot_bit(n->slots, from) != has) {
        uint64_t group;
        memcpy(&group, n->slots + from / AT_ONCE * sizeof group, sizeof group);
        const bool skip = from % AT_ONCE == 0 && group == none * UINT64_C(0x0101010101010101);
        from += skip ? AT_ONCE : 1;
    }
    return from;
}

static void cluster_write_slots(const struct cluster_node *n, struct buf *out)
{
    uint32_t end;
    for (uint32_t first = cluster_next_slot(n, 0, true); first < HASH_SLOTS;
         first = cluster_next_slot(n, end, true)) {
        end = cluster_next_slot(n, first, false);
        if (end == first + 1)
            buf_printf(out, " %u", first);
        else
            buf_printf(out, " %u-%u", first, end - 1);
    }
}

/* Do any of so many slots move? */
enum { MOVES_AT_ONCE = 32 };
static bool cluster_any_moves(const struct cluster *c, uint32_t slot)
{
    uintptr_t any = 0;
    for (uint32_t i = 0; i < MOVES_AT_ONCE; i++)
        any |= (uintptr_t)c->migrating[slot + i] | (uintptr_t)c->importing[slot + i];
    return any != 0;
}

static void cluster_write_moves(const struct cluster *c, struct buf *out)
{
    for (uint32_t slot = 0; slot < HASH_SLOTS; slot++) {
        if (slot % MOVES_AT_ONCE == 0 && !cluster_any_moves(c, slot))
            slot += MOVES_AT_ONCE - 1;
        else if (c->migrating[slot])
            buf_printf(out, " [%u->-%.40s]", slot, c->migrating[slot]->id);
        else if (c->importing[slot])
            buf_printf(out, " [%u-<-%.40s]", slot, c->importing[slot]->id);
    }
}

static void cluster_write_address(const struct cluster *c, const struct cluster_node *n,
                                  struct cluster_reader r, struct buf *out)
{
    const uint16_t port = r.tls && n->tls_port ? n->tls_port : n->port ? n->port : n->tls_port;
    buf_printf(out, "%s:%u@%u", r.aux ? n->ip : cluster_client_ip(n, r.family),
               r.aux && c->options.tls ? n->tls_port : port, n->bus_port);
    if (n->hostname[0] || r.aux)
        buf_printf(out, ",%s", n->hostname);
    if (!r.aux)
        return;
    for (int f = 0; f < CLIENT_FAMILIES; f++)
        if (n->client_ip[f][0])
            buf_printf(out, ",%s=%s", client_words[f], n->client_ip[f]);
    if (n->name[0])
        buf_printf(out, ",nodename=%s", n->name);
    if (c->options.tls)
        buf_printf(out, ",tcp-port=%u", n->port);
    else
        buf_printf(out, ",tls-port=%u", n->tls_port);
    buf_printf(out, ",shard-id=%.40s", n->shard_id);
}

static void cluster_write_node(const struct cluster *c, const struct cluster_node *n,
                               struct cluster_reader r, struct buf *out)
{
    const struct cluster_node *serves = cluster_is_master(n) || !n->master ? n : n->master;
    const bool linked = n == c->self || (n->link && n->link->up);
    buf_printf(out, "%.40s ", n->id);
    cluster_write_address(c, n, r, out);
    buf_append_char(out, ' ');
    cluster_write_flags(n->flags, out);
    buf_printf(out, " %s %lld %lld %llu %s", n->master ? n->master->id : "-",
               (long long)cluster_unix_ms(c, n->ping_sent_ms),
               (long long)cluster_unix_ms(c, n->pong_received_ms),
               (unsigned long long)serves->config_epoch, linked ? "connected" : "disconnected");
    cluster_write_slots(n, out);
    if (n == c->self)
        cluster_write_moves(c, out);
}

void cluster_describe(const struct cluster *c, const struct cluster_node *n,
                      struct cluster_reader r, struct buf *out)
{
    cluster_write_node(c, n, r, out);
}

void cluster_describe_all(const struct cluster *c, struct cluster_reader r, struct buf *out)
{
    for (uint32_t i = 0; i < c->node_count; i++) {
        if (r.aux && c->nodes[i]->flags & NODE_HANDSHAKE)
            continue;
        cluster_write_node(c, c->nodes[i], r, out);
        buf_append_char(out, '\n');
    }
}

void cluster_save_text(const struct cluster *c, struct buf *out)
{
    cluster_describe_all(c, (struct cluster_reader){.aux = true}, out);
    buf_printf(out, "vars currentEpoch %llu lastVoteEpoch %llu\n",
               (unsigned long long)c->current_epoch, (unsigned long long)c->last_vote_epoch);
}

/* --- reading --------------------------------------------------------------------------------- */

/* Takes what stands before the first separator off text.  False: text is at its end. */
static bool cluster_next_word(struct bytes *text, char separator, struct bytes *word)
{
    if (text->size == 0)
        return false;
    const char *end = memchr(text->data, separator, text->size);
    const size_t n = end ? (size_t)(end - text->data) : text->size;
    *word = bytes_of(text->data, n);
    *text = bytes_of(text->data + n + (end ? 1 : 0), text->size - n - (end ? 1 : 0));
    return true;
}

static bool cluster_read_number(struct bytes text, uint64_t most, uint64_t *out)
{
    return bytes_to_uint64(text, out) && *out <= most;
}

static bool cluster_is_id(struct bytes text)
{
    if (text.size != NODE_ID_CHARS)
        return false;
    for (size_t i = 0; i < text.size; i++)
        if (!((text.data[i] >= 'a' && text.data[i] <= 'z') ||
              (text.data[i] >= '0' && text.data[i] <= '9')))
            return false;
    return true;
}

/* Of a node that a line names before its own line has come. */
static struct cluster_node *cluster_named(struct cluster *c, struct bytes id)
{
    if (!cluster_is_id(id))
        return NULL;
    struct cluster_node *n = cluster_find(c, id);
    return n ? n : cluster_add_node(c, id.data, 0);
}

static bool cluster_read_aux(struct cluster_node *n, struct bytes text)
{
    struct bytes name, value;
    uint64_t port;
    if (!memchr(text.data, '=', text.size) || !cluster_next_word(&text, '=', &name))
        return false;
    value = text;
    if (bytes_is_word(name, "shard-id")) {
        if (value.size != SHARD_ID_CHARS)
            return false;
        cluster_copy_text(n->shard_id, sizeof n->shard_id, value);
    } else if (bytes_is_word(name, "nodename")) {
        cluster_copy_text(n->name, sizeof n->name, value);
    } else if (bytes_is_word(name, "tls-port") || bytes_is_word(name, "tcp-port")) {
        if (!cluster_read_number(value, UINT16_MAX, &port))
            return false;
        *(bytes_is_word(name, "tls-port") ? &n->tls_port : &n->port) = (uint16_t)port;
    }
    for (int f = 0; f < CLIENT_FAMILIES; f++)
        if (bytes_is_word(name, client_words[f]))
            cluster_copy_text(n->client_ip[f], sizeof n->client_ip[f], value);
    return true;
}

static bool cluster_read_address(const struct cluster *c, struct cluster_node *n, struct bytes text)
{
    struct bytes address, field;
    uint64_t port, bus = 0;
    if (!cluster_next_word(&text, ',', &address))
        return false;
    const char *colon = memrchr(address.data, ':', address.size);
    if (!colon)
        return false;
    cluster_copy_text(n->ip, sizeof n->ip, bytes_of(address.data, (size_t)(colon - address.data)));
    struct bytes ports = bytes_of(colon + 1, (size_t)(address.data + address.size - colon - 1));
    if (!cluster_next_word(&ports, '@', &field) || !cluster_read_number(field, UINT16_MAX, &port))
        return false;
    if (ports.size == 0)
        bus = port + 10000;
    else if (!cluster_read_number(ports, UINT16_MAX, &bus))
        return false;
    *(c->options.tls ? &n->tls_port : &n->port) = (uint16_t)port;
    n->bus_port = (uint16_t)bus;
    if (cluster_next_word(&text, ',', &field))
        cluster_copy_text(n->hostname, sizeof n->hostname, field);
    while (cluster_next_word(&text, ',', &field))
        if (!cluster_read_aux(n, field))
            return false;
    return true;
}

static bool cluster_read_flags(struct cluster_node *n, struct bytes text)
{
    struct bytes word;
    n->flags = 0;
    while (cluster_next_word(&text, ',', &word)) {
        size_t i = 0;
        while (i < FLAG_WORDS && !bytes_is_word(word, flag_words[i].word))
            i++;
        if (i < FLAG_WORDS)
            n->flags |= flag_words[i].flag;
        else if (!bytes_is_word(word, "noflags"))
            return false;
    }
    return true;
}

/* "[93-<-id]" or "[93->-id]" */
static bool cluster_read_move(struct cluster *c, struct bytes text)
{
    uint64_t slot;
    const char *dash = memchr(text.data, '-', text.size);
    if (!dash || text.data[text.size - 1] != ']' ||
        text.size < (size_t)(dash - text.data) + 4 + NODE_ID_CHARS ||
        !cluster_read_number(bytes_of(text.data + 1, (size_t)(dash - text.data - 1)),
                             HASH_SLOTS - 1, &slot))
        return false;
    struct cluster_node *other =
        cluster_named(c, bytes_of(dash + 3, (size_t)(text.data + text.size - 1 - (dash + 3))));
    if (!other || (dash[1] != '<' && dash[1] != '>'))
        return false;
    (dash[1] == '<' ? c->importing : c->migrating)[slot] = other;
    return true;
}

static bool cluster_read_slots(struct cluster *c, struct cluster_node *n, struct bytes word)
{
    struct bytes low;
    uint64_t first, last;
    if (word.size > 0 && word.data[0] == '[')
        return cluster_read_move(c, word);
    if (!cluster_next_word(&word, '-', &low) || !cluster_read_number(low, HASH_SLOTS - 1, &first))
        return false;
    last = first;
    if (word.size > 0 && !cluster_read_number(word, HASH_SLOTS - 1, &last))
        return false;
    for (uint64_t slot = first; slot <= last; slot++) {
        if (c->owner[slot])
            cluster_take_slot(c, (uint32_t)slot);
        cluster_give_slot(c, n, (uint32_t)slot);
    }
    return true;
}

static bool cluster_read_vars(struct cluster *c, struct bytes text)
{
    struct bytes name, value;
    while (cluster_next_word(&text, ' ', &name)) {
        uint64_t n;
        if (!cluster_next_word(&text, ' ', &value) || !cluster_read_number(value, UINT64_MAX, &n))
            return false;
        if (bytes_equal(name, bytes_cstr("currentEpoch")))
            c->current_epoch = n;
        else if (bytes_equal(name, bytes_cstr("lastVoteEpoch")))
            c->last_vote_epoch = n;
    }
    return true;
}

/* The line of this node becomes self's: the one that was made before goes. */
static void cluster_read_self(struct cluster *c, struct cluster_node *n)
{
    struct cluster_node *made = c->self;
    c->self = n;
    if (made != n)
        cluster_remove_node(c, made);
}

static bool cluster_read_line(struct cluster *c, struct bytes line)
{
    struct bytes words[8], word;
    for (int i = 0; i < 8; i++)
        if (!cluster_next_word(&line, ' ', &words[i]))
            return false;
    uint64_t epoch, sent, received;
    struct cluster_node *n = cluster_named(c, words[0]);
    if (!n || !cluster_read_address(c, n, words[1]) || !cluster_read_flags(n, words[2]) ||
        !cluster_read_number(words[4], UINT64_MAX, &sent) ||
        !cluster_read_number(words[5], UINT64_MAX, &received) ||
        !cluster_read_number(words[6], UINT64_MAX, &epoch))
        return false;
    if (n->flags & NODE_MYSELF)
        cluster_read_self(c, n);
    if (!bytes_is_word(words[3], "-") && !(n->master = cluster_named(c, words[3])))
        return false;
    n->ping_sent_ms = sent ? c->now_ms : 0;
    n->pong_received_ms = received ? c->now_ms : 0;
    if (n->flags & NODE_FAIL)
        n->fail_ms = c->now_ms;
    n->config_epoch = epoch;
    while (cluster_next_word(&line, ' ', &word))
        if (word.size > 0 && !cluster_read_slots(c, n, word))
            return false;
    return true;
}

static bool cluster_is_whole(struct cluster *c, bool myself)
{
    for (uint32_t i = 0; i < c->node_count; i++) {
        struct cluster_node *n = c->nodes[i];
        if (!(n->flags & (NODE_MASTER | NODE_REPLICA | NODE_HANDSHAKE | NODE_NOADDR)))
            return false; /* named, and without a line of its own */
        if (n->master && cluster_is_master(n))
            n->master = NULL;
        if (n->master) {
            n->config_epoch = 0;
            memcpy(n->shard_id, n->master->shard_id, sizeof n->shard_id);
        }
        if (n->config_epoch > c->current_epoch)
            c->current_epoch = n->config_epoch;
    }
    return myself;
}

bool cluster_load_text(struct cluster *c, struct bytes text, uint32_t *line)
{
    struct bytes row;
    const struct cluster_node *made = c->self;
    bool myself = false;
    *line = 0;
    while (cluster_next_word(&text, '\n', &row)) {
        ++*line;
        if (row.size == 0)
            continue;
        const bool vars = row.size > 5 && memcmp(row.data, "vars ", 5) == 0;
        if (vars ? !cluster_read_vars(c, bytes_of(row.data + 5, row.size - 5))
                 : !cluster_read_line(c, row))
            return false;
        myself = myself || c->self != made;
    }
    if (!cluster_is_whole(c, myself))
        return false;
    const struct cluster_options options = c->options;
    cluster_set_options(c, &options);
    c->todo = CLUSTER_SAVE | CLUSTER_MAP | (cluster_is_master(c->self) ? 0u : CLUSTER_ROLE);
    return true;
}
