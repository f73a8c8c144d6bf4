#include "core/cmd/command/command_syntax.h"

struct element {
    struct bytes name, token, since, until; /* data NULL: none */
    struct bytes children;
    const char *type;
    int key_spec; /* -1: none */
    bool group;   /* children instead of a value */
    bool optional, repeated, token_repeated;
};

static struct bytes take_until(const char **at, const char *end, const char *stops)
{
    const char *begin = *at;
    while (*at < end && !strchr(stops, **at))
        (*at)++;
    return bytes_of(begin, (size_t)(*at - begin));
}

static void take_type(const char **at, const char *end, struct element *e)
{
    static const char letters[] = "kpsiud";
    static const char *const names[] = {"key",     "pattern",   "string",
                                        "integer", "unix-time", "double"};
    const char *letter = strchr(letters, *(*at)++);
    LK_ASSERT(letter && *letter);
    e->type = names[letter - letters];
    if (*at < end && **at >= '0' && **at <= '9')
        e->key_spec = *(*at)++ - '0';
}

/* What stands between the bracket at *at and its partner. */
static struct bytes take_group(const char **at, const char *end)
{
    const char *begin = ++*at;
    for (int depth = 1; depth > 0; (*at)++) {
        LK_ASSERT(*at < end);
        if (**at == '{' || **at == '<')
            depth++;
        else if (**at == '}' || **at == '>')
            depth--;
    }
    return bytes_of(begin, (size_t)(*at - 1 - begin));
}

static void take_marks(const char **at, const char *end, struct element *e)
{
    while (*at < end && **at != ' ') {
        const char mark = *(*at)++;
        if (mark == '?')
            e->optional = true;
        else if (mark == '*')
            e->repeated = true;
        else if (mark == '+')
            e->repeated = e->token_repeated = true;
        else if (mark == '^')
            e->since = take_until(at, end, " ?*+^~");
        else if (mark == '~')
            e->until = take_until(at, end, " ?*+^~");
        else
            LK_ASSERT(!"a mark");
    }
}

static struct element take_element(const char **at, const char *end)
{
    struct element e = {.type = "pure-token", .key_spec = -1};
    e.name = take_until(at, end, ":{<@?*+^~ ");
    LK_ASSERT(e.name.size > 0);
    const char next = *at < end ? **at : ' ';
    if (next == ':') {
        (*at)++;
        take_type(at, end, &e);
    } else if (next == '{' || next == '<') {
        e.type = next == '{' ? "block" : "oneof";
        e.group = true;
        e.children = take_group(at, end);
    }
    if (*at < end && **at == '@') {
        const char *token = ++*at;
        LK_ASSERT(token < end);
        (*at)++; /* a mark alone is a token */
        (void)take_until(at, end, " ?*+^~");
        e.token = bytes_of(token, (size_t)(*at - token));
    }
    take_marks(at, end, &e);
    if (*at < end)
        (*at)++; /* the space */
    return e;
}

static void command_syntax_reply_pair(struct reply *r, const char *name, struct bytes text)
{
    if (!text.data)
        return;
    reply_bulk_cstr(r, name);
    reply_bulk(r, text);
}

static void reply_marks(struct reply *r, const struct element *e)
{
    if (!e->optional && !e->repeated)
        return;
    reply_bulk_cstr(r, "flags");
    reply_set(r, (uint64_t)e->optional + e->repeated + e->token_repeated);
    if (e->optional)
        reply_simple(r, "optional");
    if (e->repeated)
        reply_simple(r, "multiple");
    if (e->token_repeated)
        reply_simple(r, "multiple_token");
}

static void reply_list(struct reply *r, struct bytes list);

static void reply_element(struct reply *r, const struct element *e)
{
    uint64_t pairs = 2;
    pairs += e->group ? 1 : 1 + (e->key_spec >= 0); /* arguments, or display_text and key_spec */
    pairs += (e->token.data != NULL) + (e->since.data != NULL) + (e->until.data != NULL);
    pairs += e->optional || e->repeated;
    reply_map(r, pairs);
    command_syntax_reply_pair(r, "name", e->name);
    command_syntax_reply_pair(r, "type", bytes_cstr(e->type));
    if (!e->group)
        command_syntax_reply_pair(r, "display_text", e->name);
    if (e->key_spec >= 0) {
        reply_bulk_cstr(r, "key_spec_index");
        reply_int(r, e->key_spec);
    }
    command_syntax_reply_pair(r, "token", e->token);
    command_syntax_reply_pair(r, "since", e->since);
    command_syntax_reply_pair(r, "deprecated_since", e->until);
    reply_marks(r, e);
    if (e->group) {
        reply_bulk_cstr(r, "arguments");
        reply_list(r, e->children);
    }
}

static void reply_list(struct reply *r, struct bytes list)
{
    const size_t head = reply_begin_deferred(r);
    const char *at = list.data, *end = at + list.size;
    uint64_t n = 0;
    for (; at < end; n++) {
        const struct element e = take_element(&at, end);
        reply_element(r, &e);
    }
    reply_end_deferred(r, head, REPLY_ARRAY, n);
}

void reply_command_syntax(struct reply *r, const char *line)
{
    reply_list(r, bytes_cstr(line));
}
