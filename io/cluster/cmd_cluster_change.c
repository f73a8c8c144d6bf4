/*
 * cmd_cluster_change.c — what CLUSTER changes: made by the bus, on its thread.
 *
 * A handler finds its change by the subcommand's name, hands it over and waits for the answer.
 */
#include "core/base/trace.h"
#include "core/cmd/engine/exec_push.h"
#include "io/cluster/bus_priv.h"
#include "io/cluster/cmd_cluster_priv.h"
#include "io/cluster/helper.h"
#include "io/repl/repl.h"

#include <arpa/inet.h>

static const char unknown_slot[] = "ERR Invalid or out of range slot";

/* For text in an error line: as much of a word as one wants to read. */
#define SHOWN(word) (int)((word).size < 128 ? (word).size : 128), (word).data

static bool change_word(const struct args *a, uint32_t i, const char *word)
{
    return i < a->n && bytes_is_word(a->v[i], word);
}

/* --- slots ----------------------------------------------------------------------------------- */

/* Marks the slots that the words name; ranges: by pairs.  NULL, or the error. */
static const char *change_read_slots(struct cluster_bus *b, const struct args *a, bool ranges,
                                     uint8_t *named)
{
    for (uint32_t i = 2; i < a->n; i += ranges ? 2 : 1) {
        uint32_t first, last;
        if (!cluster_slot_of(a->v[i], &first) || !cluster_slot_of(a->v[ranges ? i + 1 : i], &last))
            return unknown_slot;
        if (first > last)
            return bus_error(b, "ERR start slot number %u is greater than end slot number %u",
                             first, last);
        for (uint32_t slot = first; slot <= last; slot++)
            if (named[slot]++ > 0)
                return bus_error(b, "ERR Slot %u specified multiple times", slot);
    }
    return NULL;
}

static const char *change_slots(struct cluster_bus *b, struct cluster *c, const struct args *a,
                                bool ranges, bool add)
{
    uint8_t named[HASH_SLOTS] = {0};
    if (ranges && a->n % 2 != 0)
        return bus_error(b, "ERR wrong number of arguments for 'cluster|%s' command",
                         add ? "addslotsrange" : "delslotsrange");
    const char *error = change_read_slots(b, a, ranges, named);
    for (uint32_t slot = 0; !error && slot < HASH_SLOTS; slot++)
        if (named[slot] && (c->owner[slot] != NULL) == add)
            error = bus_error(b, "ERR Slot %u is already %s", slot, add ? "busy" : "unassigned");
    for (uint32_t slot = 0; !error && slot < HASH_SLOTS; slot++) {
        if (named[slot] && add)
            cluster_add_slot(c, c->self, slot);
        else if (named[slot])
            cluster_drop_slot(c, slot);
    }
    return error;
}

const char *change_addslots(struct cluster_bus *b, struct cluster *c, const struct args *a)
{
    return change_slots(b, c, a, false, true);
}

const char *change_addslots_range(struct cluster_bus *b, struct cluster *c, const struct args *a)
{
    return change_slots(b, c, a, true, true);
}

const char *change_delslots(struct cluster_bus *b, struct cluster *c, const struct args *a)
{
    return change_slots(b, c, a, false, false);
}

const char *change_delslots_range(struct cluster_bus *b, struct cluster *c, const struct args *a)
{
    return change_slots(b, c, a, true, false);
}

static bool change_has_keys(const struct cluster_bus *b)
{
    uint64_t keys = 0;
    for (uint32_t slot = 0; slot < HASH_SLOTS; slot++)
        keys += bus_keys_in_slot(b, slot);
    return keys > 0;
}

const char *change_flushslots(struct cluster_bus *b, struct cluster *c, const struct args *a)
{
    (void)a;
    if (change_has_keys(b))
        return "ERR DB must be empty to perform CLUSTER FLUSHSLOTS.";
    for (uint32_t slot = 0; slot < HASH_SLOTS; slot++)
        if (c->owner[slot] == c->self)
            cluster_drop_slot(c, slot);
    return NULL;
}

/* --- one slot -------------------------------------------------------------------------------- */

enum change_action { ACTION_STABLE, ACTION_MIGRATING, ACTION_IMPORTING, ACTION_NODE };

static const struct {
    const char *word;
    uint32_t words;      /* of the command, without a timeout */
    const char *unknown; /* what is said of a node that is not known */
} actions[] = {
    [ACTION_STABLE] = {"stable", 4, NULL},
    [ACTION_MIGRATING] = {"migrating", 5, "I don't know about node"},
    [ACTION_IMPORTING] = {"importing", 5, "I don't know about node"},
    [ACTION_NODE] = {"node", 5, "Unknown node"},
};
enum { ACTIONS = sizeof actions / sizeof *actions, SETSLOT_TIMEOUT_MS = 2000 };

struct change_setslot {
    uint32_t slot;
    enum change_action action;
    struct cluster_node *node; /* NULL: stable */
    int64_t timeout_ms;        /* that replicas have; 0: for ever */
};

static const char *change_read_timeout(struct bytes word, int64_t *ms)
{
    if (!bytes_to_int64(word, ms))
        return "ERR timeout is not an integer or out of range";
    return *ms < 0 ? "ERR timeout is negative" : NULL;
}

/* Whether this master, or replica, may have the slot do that. */
static const char *change_may(struct cluster_bus *b, const struct cluster *c,
                              const struct change_setslot *s)
{
    const struct cluster_node *owner = c->owner[s->slot], *subject = cluster_subject(c);
    if (s->action == ACTION_MIGRATING && owner != subject)
        return bus_error(b, "ERR I'm not the owner of hash slot %u", s->slot);
    if (s->action == ACTION_IMPORTING && owner == subject)
        return bus_error(b, "ERR I'm already the owner of hash slot %u", s->slot);
    if (s->action == ACTION_NODE && owner == c->self && s->node != c->self &&
        bus_keys_in_slot(b, s->slot) > 0)
        return bus_error(b,
                         "ERR Can't assign hashslot %u to a different node while I still hold "
                         "keys for this hash slot.",
                         s->slot);
    return NULL;
}

/* NULL: s is what the words say. */
static const char *change_read_setslot(struct cluster_bus *b, const struct cluster *c,
                                       const struct args *a, struct change_setslot *s)
{
    uint32_t action = 0;
    *s = (struct change_setslot){.timeout_ms = SETSLOT_TIMEOUT_MS};
    if (!cluster_slot_of(a->v[2], &s->slot))
        return unknown_slot;
    while (action < ACTIONS && !change_word(a, 3, actions[action].word))
        action++;
    const uint32_t words = action < ACTIONS ? actions[action].words : UINT32_MAX;
    if (a->n < words || (a->n > words && (!change_word(a, words, "timeout") || a->n > words + 2)))
        return "ERR Invalid CLUSTER SETSLOT action or number of arguments. Try CLUSTER HELP";
    s->action = (enum change_action)action;
    if (s->action != ACTION_STABLE) {
        s->node = cluster_find(c, a->v[4]);
        if (!s->node)
            return bus_error(b, "ERR %s %.*s", actions[action].unknown, SHOWN(a->v[4]));
        if (!cluster_is_master(s->node))
            return "ERR Target node is not a master";
    }
    const char *error = a->n == words + 1   ? "ERR Missing timeout value"
                        : a->n == words + 2 ? change_read_timeout(a->v[words + 1], &s->timeout_ms)
                                            : NULL;
    return error ? error : change_may(b, c, s);
}

static const char *change_setslot_words(struct cluster_bus *b, struct cluster *c,
                                        const struct args *a)
{
    struct change_setslot s;
    const char *error = change_read_setslot(b, c, a, &s);
    if (error)
        return error;
    if (s.action == ACTION_STABLE)
        c->migrating[s.slot] = c->importing[s.slot] = NULL;
    else if (s.action == ACTION_MIGRATING)
        c->migrating[s.slot] = s.node == cluster_subject(c) ? NULL : s.node;
    else if (s.action == ACTION_IMPORTING)
        c->importing[s.slot] = s.node;
    else
        cluster_move_slot(c, s.node, s.slot);
    c->todo |= CLUSTER_SAVE | CLUSTER_MAP;
    return NULL;
}

static const char change_for_masters[] = "ERR Please use SETSLOT only with masters.";

const char *change_setslot(struct cluster_bus *b, struct cluster *c, const struct args *a)
{
    return cluster_is_master(c->self) ? change_setslot_words(b, c, a) : change_for_masters;
}

/* Before the replicas are told: may it be?  The answer is how long they have. */
static const char *change_ask_setslot(struct cluster_bus *b, struct cluster *c,
                                      const struct args *a)
{
    struct change_setslot s;
    const char *error =
        cluster_is_master(c->self) ? change_read_setslot(b, c, a, &s) : change_for_masters;
    if (error)
        return error;
    if (!bus_claim_slot(b, s.slot))
        return bus_error(b, "TRYAGAIN Another SETSLOT of hash slot %u is under way", s.slot);
    bus_say(b, "%lld", (long long)s.timeout_ms);
    return NULL;
}

/* In the stream of this node's master.  How long that has waited for us is not our concern. */
static const char *change_setslot_copy(struct cluster_bus *b, struct cluster *c,
                                       const struct args *a)
{
    if (cluster_is_master(c->self) || !c->self->master)
        return "ERR this node is no replica";
    return change_setslot_words(b, c, a);
}

/* --- nodes ----------------------------------------------------------------------------------- */

static bool change_is_address(struct bytes ip, char out[NODE_IP_CHARS])
{
    unsigned char address[16];
    if (ip.size >= NODE_IP_CHARS)
        return false;
    memcpy(out, ip.data, ip.size);
    out[ip.size] = '\0';
    return strlen(out) == ip.size &&
           (inet_pton(AF_INET, out, address) == 1 || inet_pton(AF_INET6, out, address) == 1);
}

const char *change_meet(struct cluster_bus *b, struct cluster *c, const struct args *a)
{
    char ip[NODE_IP_CHARS];
    int64_t port, bus;
    if (a->n > 5)
        return "ERR wrong number of arguments for 'cluster|meet' command";
    if (!bytes_to_int64(a->v[3], &port))
        return bus_error(b, "ERR Invalid base port specified: %.*s", SHOWN(a->v[3]));
    bus = port + 10000;
    if (a->n == 5 && !bytes_to_int64(a->v[4], &bus))
        return bus_error(b, "ERR Invalid bus port specified: %.*s", SHOWN(a->v[4]));
    if (port <= 0 || port > UINT16_MAX || bus <= 0 || bus > UINT16_MAX ||
        !change_is_address(a->v[2], ip))
        return bus_error(b, "ERR Invalid node address specified: %.*s:%.*s", SHOWN(a->v[2]),
                         SHOWN(a->v[3]));
    return cluster_meet(c, bytes_cstr(ip), (uint16_t)port, (uint16_t)bus);
}

const char *change_forget(struct cluster_bus *b, struct cluster *c, const struct args *a)
{
    if (!cluster_find(c, a->v[2]))
        return bus_error(b, "ERR Unknown node %.*s", SHOWN(a->v[2]));
    return cluster_forget(c, a->v[2]);
}

const char *change_replicate(struct cluster_bus *b, struct cluster *c, const struct args *a)
{
    if (!cluster_find(c, a->v[2]))
        return bus_error(b, "ERR Unknown node %.*s", SHOWN(a->v[2]));
    if (!b->parts.role)
        return "ERR this server does not support replication";
    if (cluster_is_master(c->self) && change_has_keys(b))
        return "ERR To set a master the node must be empty and without assigned slots.";
    return cluster_replicate(c, a->v[2]);
}

const char *change_reset(struct cluster_bus *b, struct cluster *c, const struct args *a)
{
    const bool hard = change_word(a, 2, "hard");
    if (a->n > 3 || (a->n == 3 && !hard && !change_word(a, 2, "soft")))
        return "ERR syntax error";
    if (cluster_is_master(c->self) && change_has_keys(b))
        return "ERR CLUSTER RESET can't be called with master nodes containing keys";
    b->drops_all = !cluster_is_master(c->self);
    cluster_reset(c, hard);
    return NULL;
}

const char *change_set_config_epoch(struct cluster_bus *b, struct cluster *c, const struct args *a)
{
    int64_t epoch;
    if (!bytes_to_int64(a->v[2], &epoch))
        return "ERR value is not an integer or out of range";
    if (epoch < 0)
        return bus_error(b, "ERR Invalid config epoch specified: %lld", (long long)epoch);
    return cluster_set_epoch(c, (uint64_t)epoch);
}

/* Its answer is the epoch. */
const char *change_bumpepoch(struct cluster_bus *b, struct cluster *c, const struct args *a)
{
    (void)a;
    const bool bumped = cluster_bump(c);
    bus_say(b, "%s %llu", bumped ? "BUMPED" : "STILL", (unsigned long long)c->self->config_epoch);
    return NULL;
}

const char *change_failover(struct cluster_bus *b, struct cluster *c, const struct args *a)
{
    (void)b;
    enum failover_kind how = FAILOVER_PLAIN;
    if (change_word(a, 2, "force"))
        how = FAILOVER_FORCE;
    else if (change_word(a, 2, "takeover"))
        how = FAILOVER_TAKEOVER;
    if (a->n > 3 || (a->n == 3 && how == FAILOVER_PLAIN))
        return "ERR syntax error";
    return cluster_failover(c, how);
}

const char *change_saveconfig(struct cluster_bus *b, struct cluster *c, const struct args *a)
{
    (void)a;
    b->promises.id[0] = '\0'; /* on the disk, too */
    c->todo |= CLUSTER_SAVE;
    return NULL;
}

/* --- the handler ----------------------------------------------------------------------------- */

static const struct {
    const char *name;
    bus_change *change;
} changes[] = {
    {"addslots", change_addslots},
    {"addslotsrange", change_addslots_range},
    {"bumpepoch", change_bumpepoch},
    {"delslots", change_delslots},
    {"delslotsrange", change_delslots_range},
    {"failover", change_failover},
    {"flushslots", change_flushslots},
    {"forget", change_forget},
    {"meet", change_meet},
    {"replicate", change_replicate},
    {"reset", change_reset},
    {"saveconfig", change_saveconfig},
    {"set-config-epoch", change_set_config_epoch},
    {"setslot", change_setslot},
};

/* SETSLOT of a slot whose keys are on their way out. */
static bool change_waits(const struct cluster_bus *b, const struct args *a)
{
    uint32_t slot;
    return cluster_slot_of(a->v[2], &slot) && helper_drains(b->parts.helper, slot);
}

/* Without waiting for the disk.  False: it was refused, and the reply says why. */
static bool change_make(struct exec *x, bus_change *change, const struct args *a, struct buf *reply)
{
    bus_request_now(cluster_bus_of(x), change, a, reply);
    const struct bytes line = buf_bytes(reply);
    if (line.data[0] != '-')
        return true;
    reply_error_bytes(x->reply, bytes_of(line.data + 1, line.size - 3));
    return false;
}

/* Replicas that know SETSLOT are told; one that does not would take it for an error. */
static bool change_tells_replicas(const struct exec *x, bus_change *change)
{
    enum { SETSLOT_SINCE = 70300 };
    struct repl *r = dispatcher_engine(x->dispatcher)->fixed.repl;
    return change == change_setslot && r && repl_all_speak(r, SETSLOT_SINCE);
}

static enum outcome change_at_once(struct exec *x, bus_change *change, const struct args *a)
{
    struct buf reply = {0};
    if (change_make(x, change, a, &reply)) {
        reply_raw(x->reply, buf_bytes(&reply));
        if (change_tells_replicas(x, change))
            exec_tell_replicas(x, a->v, a->n);
    }
    buf_release(&reply);
    return RUN_DONE;
}

/* The replicas know it first: who takes over meanwhile goes on with it. */
static enum outcome change_with_replicas(struct exec *x, bus_change *change, const struct args *a)
{
    struct cluster_bus *b = cluster_bus_of(x);
    struct buf reply = {0};
    int64_t timeout_ms = 0;
    const bool may = change_make(x, change_ask_setslot, a, &reply);
    if (may) /* "+2000\r\n" */
        bytes_to_int64(bytes_of(reply.data + 1, reply.size - 3), &timeout_ms);
    buf_release(&reply);
    if (!may)
        return RUN_DONE;
    void *request = bus_request_later(b, change, a, x->session->worker, x->session->id);
    const uint64_t ticket = exec_tell_replicas_now(x, a->v, a->n);
    return repl_await(x, a, ticket, timeout_ms, bus_go_on, request);
}

/* A reshard makes thousands of them, each of which would wait for the bus' thread to be woken. */
static enum bus_at_once change_slot_here(struct exec *x, const struct args *a)
{
    struct buf reply = {0};
    uint32_t slot;
    if (!cluster_slot_of(a->v[2], &slot))
        return BUS_BUSY;
    const enum bus_at_once how = bus_slot_at_once(cluster_bus_of(x), change_setslot, a, slot,
                                                  x->session->worker, x->session->id, &reply);
    const struct bytes line = buf_bytes(&reply);
    if (how == BUS_DONE && line.data[0] == '-')
        reply_error_bytes(x->reply, bytes_of(line.data + 1, line.size - 3));
    else if (how == BUS_DONE)
        reply_raw(x->reply, line);
    buf_release(&reply);
    return how;
}

enum outcome cluster_change_run(struct exec *x, const struct args *a)
{
    const struct wait_spec until_answered = {.count = 0};
    struct cluster_bus *b = cluster_bus_of(x);
    size_t i = 0;
    if (!b) {
        reply_error(x->reply, "ERR This instance has cluster support disabled");
        return RUN_DONE;
    }
    while (i < sizeof changes / sizeof changes[0] && strcmp(x->cmd->name, changes[i].name) != 0)
        i++;
    LK_ASSERT(i < sizeof changes / sizeof changes[0]);
    if (session_has(x->session, SESSION_MASTER)) /* the stream waits for nothing */
        return change_at_once(
            x, changes[i].change == change_setslot ? change_setslot_copy : changes[i].change, a);
    if (session_has(x->session, SESSION_IN_EXEC))
        return change_at_once(x, changes[i].change, a);
    if (changes[i].change == change_setslot && change_waits(b, a))
        return RUN_AGAIN;
    if (change_tells_replicas(x, changes[i].change))
        return change_with_replicas(x, changes[i].change, a);
    enum bus_at_once how = BUS_BUSY;
    if (changes[i].change == change_setslot)
        how = change_slot_here(x, a);
    if (how == BUS_DONE)
        return RUN_DONE;
    if (how == BUS_BUSY)
        bus_request(b, changes[i].change, a, x->session->worker, x->session->id);
    return exec_wait(x, a, &until_answered);
}
