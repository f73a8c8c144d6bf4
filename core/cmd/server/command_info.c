/*
 * command_info.c — a row as COMMAND and COMMAND INFO show it.
 *
 * Cluster clients and proxies read here where a command's keys are, so that all of it is computed
 * from the row that dispatch goes by.
 */
#include "core/cmd/command/docs/command_docs.h"
#include "core/cmd/engine/dispatch.h"
#include "core/cmd/server/cmd_command.h"

const struct command_index *commands_of(struct exec *x)
{
    return dispatcher_engine(x->dispatcher)->fixed.commands;
}

struct named_bit {
    uint32_t bit;
    const char *name;
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct named_bit flag_names[] = {
    {CMD_WRITE, "write"},
    {CMD_READONLY, "readonly"},
    {CMD_DENYOOM, "denyoom"},
    {CMD_ADMIN, "admin"},
    {CMD_PUBSUB, "pubsub"},
    {CMD_NOSCRIPT, "noscript"},
    {CMD_BLOCKING, "blocking"},
    {CMD_LOADING, "loading"},
    {CMD_STALE, "stale"},
    {CMD_SKIP_MONITOR, "skip_monitor"},
    {CMD_SKIP_SLOWLOG, "skip_slowlog"},
    {CMD_ASKING, "asking"},
    {CMD_FAST, "fast"},
    {CMD_NO_AUTH, "no_auth"},
    {CMD_NO_ASYNC_LOADING, "no_async_loading"},
    {CMD_NO_MULTI, "no_multi"},
    {CMD_NO_MANDATORY_KEYS, "no_mandatory_keys"},
    {CMD_MOVABLE_KEYS, "movablekeys"},
    {CMD_ALLOW_BUSY, "allow_busy"},
};

static const struct named_bit key_flag_names[] = {
    {KEY_RO, "RO"},
    {KEY_RW, "RW"},
    {KEY_OW, "OW"},
    {KEY_RM, "RM"},
    {KEY_ACCESS, "access"},
    {KEY_UPDATE, "update"},
    {KEY_INSERT, "insert"},
    {KEY_DELETE, "delete"},
    {KEY_NOT_KEY, "not_key"},
    {KEY_INCOMPLETE, "incomplete"},
    {KEY_VARIABLE, "variable_flags"},
};

/* A set of simple strings, one for each bit that has a name. */
static void reply_bits(struct reply *r, uint32_t bits, const struct named_bit *names, size_t count)
{
    uint64_t n = 0;
    for (size_t i = 0; i < count; i++)
        n += (bits & names[i].bit) != 0;
    reply_set(r, n);
    for (size_t i = 0; i < count; i++)
        if (bits & names[i].bit)
            reply_simple(r, names[i].name);
}

void reply_key_flags(struct reply *r, uint32_t flags)
{
    reply_bits(r, flags, key_flag_names, COUNT(key_flag_names));
}

static void reply_categories(struct reply *r, uint32_t categories)
{
    reply_set(r, (uint64_t)__builtin_popcount(categories));
    for (int i = 0; i < COMMAND_CATEGORIES; i++)
        if (categories >> i & 1) {
            char name[32] = "@";
            strcpy(name + 1, command_category_names[i]);
            reply_simple(r, name);
        }
}

static void command_info_reply_pair(struct reply *r, const char *name, int64_t v)
{
    reply_bulk_cstr(r, name);
    reply_int(r, v);
}

/* "name", and that nothing is known of it. */
static void command_info_reply_unknown(struct reply *r, const char *name)
{
    reply_bulk_cstr(r, name);
    reply_map(r, 2);
    reply_bulk_cstr(r, "type");
    reply_bulk_cstr(r, "unknown");
    reply_bulk_cstr(r, "spec");
    reply_map(r, 0);
}

static void reply_begin_search(struct reply *r, const struct key_spec *k)
{
    const bool index = k->begin == KEY_BEGIN_INDEX;
    reply_bulk_cstr(r, "begin_search");
    reply_map(r, 2);
    reply_bulk_cstr(r, "type");
    reply_bulk_cstr(r, index ? "index" : "keyword");
    reply_bulk_cstr(r, "spec");
    if (index) {
        reply_map(r, 1);
        command_info_reply_pair(r, "index", k->index);
    } else {
        reply_map(r, 2);
        reply_bulk_cstr(r, "keyword");
        reply_bulk_cstr(r, k->keyword);
        command_info_reply_pair(r, "startfrom", k->start_from);
    }
}

static void reply_find_keys(struct reply *r, const struct key_spec *k)
{
    const bool range = k->find == KEY_FIND_RANGE;
    reply_bulk_cstr(r, "find_keys");
    reply_map(r, 2);
    reply_bulk_cstr(r, "type");
    reply_bulk_cstr(r, range ? "range" : "keynum");
    reply_bulk_cstr(r, "spec");
    reply_map(r, 3);
    if (range) {
        command_info_reply_pair(r, "lastkey", k->last);
        command_info_reply_pair(r, "keystep", k->step ? k->step : 1);
        command_info_reply_pair(r, "limit", k->limit);
    } else {
        command_info_reply_pair(r, "keynumidx", k->keynum);
        command_info_reply_pair(r, "firstkey", k->first_key);
        command_info_reply_pair(r, "keystep", k->keynum_step ? k->keynum_step : 1);
    }
}

static int spec_count(const struct command *row)
{
    int n = 0;
    while (n < KEY_SPECS_MAX && row->keys[n].begin != KEY_NONE)
        n++;
    return n;
}

static void reply_key_specs(struct reply *r, const struct command *row)
{
    const int n = spec_count(row);
    reply_set(r, (uint64_t)n);
    for (int i = 0; i < n; i++) {
        const struct key_spec *k = &row->keys[i];
        reply_map(r, k->notes ? 4 : 3);
        if (k->notes) {
            reply_bulk_cstr(r, "notes");
            reply_bulk_cstr(r, k->notes);
        }
        reply_bulk_cstr(r, "flags");
        reply_key_flags(r, k->flags);
        if (k->begin == KEY_BEGIN_UNKNOWN) {
            command_info_reply_unknown(r, "begin_search");
            command_info_reply_unknown(r, "find_keys");
            continue;
        }
        reply_begin_search(r, k);
        reply_find_keys(r, k);
    }
}

/* The one range of keys that clients without key specifications know about. */
struct old_range {
    int first, last, step;
};

static struct old_range old_range(const struct command *row)
{
    struct old_range o = {0, 0, 0};
    for (int i = 0, n = spec_count(row); i < n; i++) {
        const struct key_spec *k = &row->keys[i];
        if (k->begin != KEY_BEGIN_INDEX || k->find != KEY_FIND_RANGE)
            continue;
        const int last = k->last >= 0 ? k->index + k->last : k->last;
        if (o.first == 0) {
            o.first = k->index;
            o.last = last;
            o.step = k->step ? k->step : 1;
        } else if (o.last >= 0 && k->index == o.last + 1 && o.step == 1 && k->step == 1) {
            o.last = last;
        }
    }
    return o;
}

/* Are there calls whose keys the old range does not tell? */
static bool keys_move(const struct command *row)
{
    for (int i = 0, n = spec_count(row); i < n; i++)
        if (row->keys[i].begin != KEY_BEGIN_INDEX || row->keys[i].find != KEY_FIND_RANGE ||
            row->keys[i].flags & KEY_INCOMPLETE)
            return true;
    return false;
}

/* Words separated by spaces. */
static void reply_words(struct reply *r, const char *words)
{
    const size_t head = reply_begin_deferred(r);
    uint64_t n = 0;
    for (size_t size; words && *words; words += size + (words[size] == ' '), n++) {
        size = strcspn(words, " ");
        reply_bulk(r, bytes_of(words, size));
    }
    reply_end_deferred(r, head, REPLY_SET, n);
}

void reply_command_info(struct reply *r, const struct command_info *c)
{
    const struct command_doc *doc = command_doc_find(c->full_name, NULL);
    const struct old_range keys = old_range(c->row);
    reply_array(r, 10);
    reply_bulk_cstr(r, c->full_name);
    reply_int(r, c->arity);
    reply_bits(r, c->flags | (keys_move(c->row) ? (uint32_t)CMD_MOVABLE_KEYS : 0), flag_names,
               COUNT(flag_names));
    reply_int(r, keys.first);
    reply_int(r, keys.last);
    reply_int(r, keys.step);
    reply_categories(r, c->categories);
    reply_words(r, doc ? doc->tips : NULL);
    reply_key_specs(r, c->row);
    reply_header(r, c->subcommand_count ? REPLY_ARRAY : REPLY_SET, c->subcommand_count);
    for (uint32_t i = 0; i < c->subcommand_count; i++)
        reply_command_info(r, &c->subcommands[i]);
}
