/*
 * cmd_stream_group.c — XGROUP: groups of a stream's readers, and their consumers.
 */
#include "core/cmd/command/tables.h"
#include "core/cmd/stream/stream_groups.h"
#include "core/cmd/stream/stream_words.h"

/* XGROUP x key group …; more words than options can take are refused late. */
enum { KEY = 2, GROUP = 3, WORDS_MAX = 8 };

static enum outcome stream_group_refuse(struct exec *x, const char *line)
{
    reply_error(x->reply, "%s", line);
    return RUN_DONE;
}

static enum outcome reply_changed(struct exec *x, struct bytes key, const char *event)
{
    exec_event(x, EVENT_STREAM, event, key);
    reply_ok(x->reply);
    return RUN_DONE;
}

/* --- CREATE, SETID --------------------------------------------------------------------------- */

/* Behind the ID: [MKSTREAM] [ENTRIESREAD n]; MKSTREAM only if imm says so. */
struct options {
    bool make;
    int64_t entries_read;
};

/* False: the error line is written. */
static bool stream_group_parse_options(struct exec *x, const struct args *a, struct options *o)
{
    *o = (struct options){.entries_read = -1};
    for (uint32_t i = GROUP + 2; i < a->n; i++) {
        if (x->cmd->imm && args_is(a, i, "mkstream")) {
            o->make = true;
        } else if (args_is(a, i, "entriesread") && i + 1 < a->n) {
            if (args_int64(a, ++i, &o->entries_read) != LK_OK) {
                reply_status(x, LK_ENOTINT);
                return false;
            }
            if (o->entries_read < -1) {
                stream_group_refuse(x, "ERR value for ENTRIESREAD must be positive or -1");
                return false;
            }
        } else {
            reply_subcommand(x, a);
            return false;
        }
    }
    return true;
}

/* The stream; false: the error line is written, unless it may be made. */
static bool stream_group_find_stream(struct exec *x, struct bytes key, bool make, struct value *v)
{
    const int rc = exec_find_silently(x, key, TYPE_STREAM, v);
    if (rc != LK_OK)
        reply_status(x, rc);
    else if (!value_exists(v) && !make)
        stream_group_refuse(
            x, "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you "
               "may want to use the MKSTREAM option to create an empty stream automatically.");
    return rc == LK_OK && (value_exists(v) || make);
}

/* "$" is the last ID of the stream, which may not be there yet; "-" and "+" unless strict. */
static int parse_last_id(struct bytes word, bool strict, const struct value *v,
                         struct stream_id *id)
{
    struct stream_state s = {0};
    if (word.size != 1 || *word.data != '$')
        return strict ? stream_parse_strict_id(word, id) : stream_parse_id(word, 0, id);
    if (value_exists(v))
        stream_state_get(v, &s);
    *id = s.last_id;
    return LK_OK;
}

static enum outcome stream_group_create_command(struct exec *x, const struct args *a)
{
    const struct bytes key = a->v[KEY];
    struct options o;
    struct value v;
    struct value_edit *e;
    struct stream_id id;
    if (!stream_group_parse_options(x, a, &o) || !stream_group_find_stream(x, key, o.make, &v))
        return RUN_DONE;
    if (a->n > WORDS_MAX)
        return reply_subcommand(x, a);
    const bool fresh = !value_exists(&v);
    int rc = parse_last_id(a->v[GROUP + 1], true, &v, &id);
    if (rc == LK_OK && !fresh && stream_group_find(&v, a->v[GROUP]))
        return stream_group_refuse(x, "BUSYGROUP Consumer Group name already exists");
    if (rc == LK_OK)
        rc = exec_open(x, key, TYPE_STREAM, &e);
    if (rc != LK_OK)
        return reply_status(x, rc);
    LK_ASSERT(stream_group_create(e, a->v[GROUP], id, o.entries_read) != NULL);
    rc = exec_close(x, e, fresh);
    if (rc != LK_OK)
        return reply_status(x, rc);
    x->changes += !fresh;
    return reply_changed(x, key, "xgroup-create");
}

static enum outcome set_id(struct exec *x, const struct args *a)
{
    const struct bytes key = a->v[KEY], name = a->v[GROUP];
    struct options o;
    struct value v;
    struct value_edit *e;
    struct stream_id id;
    if (!stream_group_parse_options(x, a, &o) || !stream_group_find_stream(x, key, false, &v))
        return RUN_DONE;
    if (!stream_group_find(&v, name))
        return reply_no_group(x, key, name);
    if (a->n > WORDS_MAX)
        return reply_subcommand(x, a);
    int rc = parse_last_id(a->v[GROUP + 1], false, &v, &id);
    if (rc == LK_OK)
        rc = exec_edit(x, key, &e);
    if (rc != LK_OK)
        return reply_status(x, rc);
    struct stream_group *g = stream_group_edit(e, name);
    g->last_id = id;
    g->entries_read = o.entries_read;
    stream_close_groups(x, e, 1);
    return reply_changed(x, key, "xgroup-setid");
}

/* --- DESTROY --------------------------------------------------------------------------------- */

/* Those who wait to read for the group are to learn that it has gone. */
static enum outcome stream_group_destroy_command(struct exec *x, const struct args *a)
{
    const struct bytes key = a->v[KEY];
    struct value v;
    struct value_edit *e;
    if (!stream_group_find_stream(x, key, false, &v))
        return RUN_DONE;
    const bool there = stream_group_find(&v, a->v[GROUP]) != NULL;
    if (there) {
        const int rc = exec_edit(x, key, &e);
        if (rc != LK_OK)
            return reply_status(x, rc);
        (void)stream_group_destroy(e, a->v[GROUP]);
        stream_close_groups(x, e, 1);
        exec_wake(x, key);
        exec_event(x, EVENT_STREAM, "xgroup-destroy", key);
    }
    reply_int(x->reply, there);
    return RUN_DONE;
}

/* --- consumers ------------------------------------------------------------------------------- */

/*
 * Opens the group of an edit of consumers.  *e is NULL where nothing is to change: the consumer is
 * there, or is not, as `exists` says.  False: the reply is written.
 */
static bool open_group(struct exec *x, const struct args *a, bool exists, struct value_edit **e,
                       struct stream_group **g)
{
    const struct bytes key = a->v[KEY], name = a->v[GROUP];
    struct value v;
    *e = NULL;
    *g = NULL;
    if (!stream_group_find_stream(x, key, false, &v))
        return false;
    const struct stream_group *found = stream_group_find(&v, name);
    if (!found) {
        reply_no_group(x, key, name);
        return false;
    }
    if ((stream_consumer_find(found, a->v[GROUP + 1]) != NULL) == exists)
        return true;
    const int rc = exec_edit(x, key, e);
    if (rc != LK_OK) {
        reply_status(x, rc);
        return false;
    }
    *g = stream_group_edit(*e, name);
    return true;
}

static enum outcome create_consumer(struct exec *x, const struct args *a)
{
    struct value_edit *e;
    struct stream_group *g;
    if (!open_group(x, a, true, &e, &g))
        return RUN_DONE;
    if (e) {
        LK_ASSERT(stream_consumer_create(e, g, a->v[GROUP + 1], x->now_ms) != NULL);
        stream_close_groups(x, e, 1);
        exec_event(x, EVENT_STREAM, "xgroup-createconsumer", a->v[KEY]);
    }
    reply_int(x->reply, e != NULL);
    return RUN_DONE;
}

static enum outcome delete_consumer(struct exec *x, const struct args *a)
{
    struct value_edit *e;
    struct stream_group *g;
    int64_t pending = 0;
    if (!open_group(x, a, false, &e, &g))
        return RUN_DONE;
    if (e) {
        pending = stream_consumer_delete(e, g, a->v[GROUP + 1]);
        stream_close_groups(x, e, 1);
        exec_event(x, EVENT_STREAM, "xgroup-delconsumer", a->v[KEY]);
    }
    reply_int(x->reply, pending);
    return RUN_DONE;
}

static enum outcome stream_group_help(struct exec *x, const struct args *a)
{
    static const char *const lines[] = {
        "CREATE <key> <group> <id|$> [MKSTREAM] [ENTRIESREAD <n>]",
        "    Makes a group that reads what comes behind the ID.",
        "CREATECONSUMER <key> <group> <consumer>",
        "    Makes a consumer.",
        "DELCONSUMER <key> <group> <consumer>",
        "    Deletes a consumer with all that is pending for it; tells how much that was.",
        "DESTROY <key> <group>",
        "    Deletes a group with its consumers.",
        "SETID <key> <group> <id|$> [ENTRIESREAD <n>]",
        "    Sets up to where a group has read.",
        NULL,
    };
    (void)a;
    return reply_help(x, lines);
}

#define OF_STREAM(more, how)                                                                       \
    .flags = CMD_WRITE | (more), .categories = CAT_STREAM, .keys = KEY_AT(KEY, KEY_RW | (how))

static const struct command group_subcommands[] = {
    {"create", .arity = -5, .imm = true, .run = stream_group_create_command,
     OF_STREAM(CMD_DENYOOM, KEY_INSERT)},
    {"createconsumer", .arity = 5, .run = create_consumer, OF_STREAM(CMD_DENYOOM, KEY_INSERT)},
    {"delconsumer", .arity = 5, .run = delete_consumer, OF_STREAM(0, KEY_DELETE)},
    {"destroy", .arity = 4, .run = stream_group_destroy_command, OF_STREAM(0, KEY_DELETE)},
    {"help", .arity = 2, .flags = CMD_LOADING | CMD_STALE, .categories = CAT_STREAM,
     .run = stream_group_help},
    {"setid", .arity = -5, .imm = false, .run = set_id, OF_STREAM(0, KEY_UPDATE)},
    {0},
};

const struct command xgroup_commands[] = {
    {"xgroup", .arity = -2, .subcommands = group_subcommands},
    {0},
};
