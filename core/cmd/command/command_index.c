#include "core/cmd/command/command_index.h"

#include "core/base/buf.h"
#include "core/base/mem.h"

#include <assert.h>

enum { BUCKETS = 1024, NAME_MAX_SIZE = 64, SHORT_MAX_SIZE = 16 };

/* A name of up to 16 bytes in two words, its letters folded. */
struct short_name {
    uint64_t head, tail;
    uint32_t size;
    bool folds_more; /* it has characters that folding makes equal to others than letters */
    struct command_info *info; /* NULL: the slot is free */
};

/* Both are tables with open addressing. */
struct command_index {
    struct command_info **all; /* by id */
    uint32_t count, capacity;
    uint32_t *top; /* ids */
    uint32_t top_count;
    struct short_name shorts[BUCKETS];
    struct command_info *buckets[BUCKETS]; /* longer names */
    const char *const *without;            /* NULL: rows have all their subcommands */
};

LK_HOT_INLINE uint64_t name_load(const char *p, size_t n)
{
    uint64_t word = 0;
    memcpy(&word, p, n);
    return word;
}

/* Sets 0x20 where 0x40 is set: A to Z become a to z, and what else it does folds_more tells. */
static inline uint64_t name_fold(uint64_t word)
{
    return word | (word & UINT64_C(0x4040404040404040)) >> 1;
}

/* Of 1 to 16 bytes: two loads that may overlap say all of them, given their number. */
LK_HOT_INLINE struct short_name name_words(struct bytes name)
{
    const char *p = name.data;
    const size_t n = name.size;
    struct short_name s = {.size = (uint32_t)n};
    if (n >= 8) {
        s.head = name_load(p, 8);
        s.tail = name_fold(name_load(p + n - 8, 8));
    } else if (n >= 4) {
        s.head = name_load(p, 4) | name_load(p + n - 4, 4) << 32;
    } else {
        s.head = name_load(p, 1) | name_load(p + n / 2, 1) << 8 | name_load(p + n - 1, 1) << 16;
    }
    s.head = name_fold(s.head);
    return s;
}

static inline uint32_t short_hash(const struct short_name *s)
{
    const uint64_t word = s->head ^ (s->tail << 7 | s->tail >> 57) ^ s->size;
    return (uint32_t)(word * UINT64_C(0x9e3779b97f4a7c15) >> 54) % BUCKETS;
}

/* ASCII letters folded; names longer than any command's never match. */
static uint32_t name_hash(struct bytes name)
{
    uint64_t h = name.size;
    for (size_t i = 0; i < name.size; i += 8) {
        const size_t n = name.size - i < 8 ? name.size - i : 8;
        h = (h ^ name_fold(name_load(name.data + i, n))) * UINT64_C(0x9e3779b97f4a7c15);
        h ^= h >> 29;
    }
    return (uint32_t)(h >> 40) % BUCKETS;
}

struct command_index *command_index_new(void)
{
    return mem_new(struct command_index);
}

static void release_info(struct command_info *c)
{
    for (uint32_t i = 0; i < c->subcommand_count; i++)
        release_info(&c->subcommands[i]);
    mem_free(c->subcommands, c->subcommand_count * sizeof *c->subcommands);
    mem_strfree((char *)(uintptr_t)c->full_name);
    mem_strfree(c->name);
}

void command_index_free(struct command_index *ix)
{
    for (uint32_t i = 0; i < ix->top_count; i++) {
        struct command_info *c = ix->all[ix->top[i]];
        release_info(c);
        mem_delete(c);
    }
    mem_free(ix->all, ix->capacity * sizeof(struct command_info *));
    mem_free(ix->top, ix->top_count * sizeof *ix->top);
    mem_delete(ix);
}

static void command_index_number(struct command_index *ix, struct command_info *c)
{
    if (ix->count == ix->capacity) {
        const uint32_t more = ix->capacity ? ix->capacity * 2 : 256;
        ix->all = mem_realloc(ix->all, ix->capacity * sizeof *ix->all, more * sizeof *ix->all);
        ix->capacity = more;
    }
    c->id = (uint16_t)ix->count;
    ix->all[ix->count++] = c;
}

/* What Redis derives from flags when a row does not say it. */
static uint32_t implied_categories(uint32_t flags, uint32_t categories)
{
    if (flags & CMD_WRITE)
        categories |= CAT_WRITE;
    if (flags & CMD_READONLY && !(categories & CAT_SCRIPTING))
        categories |= CAT_READ;
    if (flags & CMD_ADMIN)
        categories |= CAT_ADMIN | CAT_DANGEROUS;
    if (flags & CMD_PUBSUB)
        categories |= CAT_PUBSUB;
    if (flags & CMD_BLOCKING)
        categories |= CAT_BLOCKING;
    return categories | (flags & CMD_FAST ? CAT_FAST : CAT_SLOW);
}

static uint32_t checks_of(const struct command *row)
{
    const uint32_t flags = row->flags;
    uint32_t checks = CHECK_PAUSE_ALL;
    if (row->subcommands)
        checks |= CHECK_SHAPE;
    if (!(flags & CMD_LOADING))
        checks |= CHECK_LOADING;
    if (flags & CMD_NO_ASYNC_LOADING)
        checks |= CHECK_LOADING_BESIDE;
    if (flags & (CMD_WRITE | CMD_HEALTH))
        checks |= CHECK_FAULT;
    if (flags & CMD_WRITE)
        checks |= CHECK_REPLICAS;
    if (!(flags & CMD_NO_AUTH))
        checks |= CHECK_AUTH | CHECK_USER;
    if (flags & CMD_DENYOOM)
        checks |= CHECK_MEMORY;
    if (flags & (CMD_WRITE | CMD_MAY_REPLICATE))
        checks |= CHECK_PAUSE_WRITES;
    if (flags & CMD_WRITE)
        checks |= CHECK_READONLY;
    if (!(flags & CMD_STALE))
        checks |= CHECK_STALE;
    if (!(flags & CMD_ALLOW_BUSY))
        checks |= CHECK_BUSY;
    if (row->keys[0].flags & KEY_NOT_KEY)
        checks |= CHECK_CHANNELS;
    if (flags & CMD_SCRIPT)
        checks |= CHECKS_OF_SCRIPTS;
    return checks;
}

enum {
    NOT_PLAIN = CMD_ADMIN | CMD_MAY_REPLICATE | CMD_ALL_SHARDS | CMD_EXCLUSIVE | CMD_CONTROL |
                CMD_EACH_SHARD | CMD_PUSHES | CMD_SCRIPT | CMD_SENDS_KEYS
};

static void command_index_fill(struct command_info *c, const struct command *row)
{
    c->row = row;
    c->flags = row->flags;
    c->categories = implied_categories(row->flags, row->categories);
    c->checks = checks_of(row);
    c->arity = row->arity;
    c->args_min = (uint32_t)(row->arity > 0 ? row->arity : -row->arity);
    c->args_span = row->arity > 0 ? 0 : UINT32_MAX - c->args_min;
    const struct key_spec *k = &row->keys[0];
    if (k->begin == KEY_BEGIN_INDEX && k->find == KEY_FIND_RANGE && !(k->flags & KEY_NOT_KEY)) {
        c->first_key = k->index;
        c->range =
            k->last < 0 && k->limit <= 1 && row->keys[1].begin == KEY_NONE && !row->find_keys;
        c->one_key = k->last == 0 && row->keys[1].begin == KEY_NONE && !row->find_keys;
        c->plain = c->one_key && !(row->flags & NOT_PLAIN) && !row->looks_up && !row->subcommands;
    }
    c->publishes = row->channels == CHANNELS_PUBLISH && c->first_key == 0;
    const bool plain = c->one_key && c->flags & (CMD_READONLY | CMD_WRITE);
    if (!plain || c->flags & (CMD_BLOCKING | CMD_EXCLUSIVE | CMD_SCRIPT | CMD_EACH_SHARD))
        c->checks |= CHECK_AMID;
}

static char *command_index_joined(const char *parent, const char *name)
{
    struct buf b = {0};
    buf_printf(&b, "%s|%s", parent, name);
    buf_append_char(&b, '\0');
    char *s = mem_strdup(b.data);
    buf_release(&b);
    return s;
}

static bool name_folds_more(const char *name)
{
    for (; *name; name++)
        if (*name & 0x40 && (*name < 'a' || *name > 'z'))
            return true;
    return false;
}

static void command_index_place_short(struct command_index *ix, struct command_info *c)
{
    struct short_name name = name_words(bytes_cstr(c->name));
    name.folds_more = name_folds_more(c->name);
    name.info = c;
    uint32_t i = short_hash(&name);
    while (ix->shorts[i].info)
        i = (i + 1) % BUCKETS;
    ix->shorts[i] = name;
}

static void command_index_place(struct command_index *ix, struct command_info *c)
{
    if (strlen(c->name) <= SHORT_MAX_SIZE) {
        command_index_place_short(ix, c);
        return;
    }
    uint32_t i = name_hash(bytes_cstr(c->name));
    while (ix->buckets[i])
        i = (i + 1) % BUCKETS;
    ix->buckets[i] = c;
}

void command_index_without(struct command_index *ix, const char *const *full_names)
{
    LK_ASSERT(ix->count == 0);
    ix->without = full_names;
}

static bool is_without(const struct command_index *ix, const char *name, const char *sub)
{
    const size_t size = strlen(name);
    for (const char *const *at = ix->without; at && *at; at++)
        if (strncmp(*at, name, size) == 0 && (*at)[size] == '|' && strcmp(*at + size + 1, sub) == 0)
            return true;
    return false;
}

static void add_row(struct command_index *ix, const struct command *row)
{
    struct command_info *c = mem_new(struct command_info);
    command_index_fill(c, row);
    c->name = mem_strdup(row->name);
    c->full_name = mem_strdup(row->name);
    command_index_number(ix, c);
    ix->top = mem_realloc(ix->top, ix->top_count * sizeof *ix->top,
                          (ix->top_count + 1) * sizeof *ix->top);
    ix->top[ix->top_count++] = c->id;
    for (const struct command *s = row->subcommands; s && s->name; s++)
        c->subcommand_count += !is_without(ix, row->name, s->name);
    c->subcommands = mem_calloc(c->subcommand_count * sizeof *c->subcommands);
    struct command_info *s = c->subcommands;
    for (const struct command *from = row->subcommands; from && from->name; from++) {
        if (is_without(ix, row->name, from->name))
            continue;
        command_index_fill(s, from);
        s->parent = c;
        s->name = mem_strdup(from->name);
        s->full_name = command_index_joined(row->name, from->name);
        command_index_number(ix, s++);
    }
    LK_ASSERT(ix->top_count < BUCKETS / 2);
    command_index_place(ix, c);
}

void command_index_add(struct command_index *ix, const struct command *rows)
{
    LK_ASSERT(rows);
    for (; rows->name; rows++)
        add_row(ix, rows);
}

static struct command_info *long_find(const struct command_index *ix, struct bytes name)
{
    if (name.size > NAME_MAX_SIZE)
        return NULL;
    uint32_t i = name_hash(name);
    while (ix->buckets[i] && !bytes_is_word(name, ix->buckets[i]->name))
        i = (i + 1) % BUCKETS;
    return ix->buckets[i];
}

LK_HOT_INLINE struct command_info *index_find(const struct command_index *ix, struct bytes name)
{
    if (LK_UNLIKELY(name.size - 1 >= SHORT_MAX_SIZE))
        return name.size == 0 ? NULL : long_find(ix, name);
    const struct short_name want = name_words(name);
    for (uint32_t i = short_hash(&want);; i = (i + 1) % BUCKETS) {
        const struct short_name *s = &ix->shorts[i];
        if (LK_LIKELY(s->head == want.head && s->tail == want.tail && s->size == want.size) &&
            (LK_LIKELY(!s->folds_more) || bytes_is_word(name, s->info->name)))
            return s->info;
        if (!s->info)
            return NULL;
    }
}

const struct command_info *command_index_find(const struct command_index *ix, struct bytes name)
{
    return index_find(ix, name);
}

int command_index_rename(struct command_index *ix, struct bytes from, struct bytes to)
{
    struct command_info *c = index_find(ix, from);
    if (!c)
        return LK_ENOKEY;
    if (to.size > 0 && command_index_find(ix, to))
        return LK_EBUSY;
    struct buf b = {0};
    for (size_t i = 0; i < to.size; i++)
        buf_append_char(&b, to.data[i] >= 'A' && to.data[i] <= 'Z' ? (char)(to.data[i] | 0x20)
                                                                   : to.data[i]);
    buf_append_char(&b, '\0');
    mem_strfree(c->name);
    c->name = mem_strdup(b.data);
    buf_release(&b);
    memset(ix->shorts, 0, sizeof ix->shorts);
    memset(ix->buckets, 0, sizeof ix->buckets);
    for (uint32_t i = 0; i < ix->top_count; i++)
        if (ix->all[ix->top[i]]->name[0] != '\0')
            command_index_place(ix, ix->all[ix->top[i]]);
    return LK_OK;
}

const struct command_info *command_index_resolve(const struct command_index *ix,
                                                 const struct args *a)
{
    const struct command_info *c = index_find(ix, a->v[0]);
    if (LK_LIKELY(!c || c->subcommand_count == 0) || a->n < 2)
        return c;
    for (uint32_t i = 0; i < c->subcommand_count; i++)
        if (bytes_is_word(a->v[1], c->subcommands[i].name))
            return &c->subcommands[i];
    return c;
}

const struct command_info *command_index_lookup(const struct command_index *ix, struct bytes name)
{
    const char *bar = name.size > 0 ? memchr(name.data, '|', name.size) : NULL;
    if (!bar)
        return command_index_find(ix, name);
    const size_t head = (size_t)(bar - name.data);
    const struct command_info *c = command_index_find(ix, bytes_of(name.data, head));
    const struct bytes word = bytes_of(bar + 1, name.size - head - 1);
    for (uint32_t i = 0; c && i < c->subcommand_count; i++)
        if (bytes_is_word(word, c->subcommands[i].name))
            return &c->subcommands[i];
    return NULL;
}

uint32_t command_index_count(const struct command_index *ix)
{
    return ix->count;
}

const struct command_info *command_index_at(const struct command_index *ix, uint32_t id)
{
    return ix->all[id];
}

uint32_t command_index_top_count(const struct command_index *ix)
{
    return ix->top_count;
}

const struct command_info *command_index_top(const struct command_index *ix, uint32_t i)
{
    return ix->all[ix->top[i]];
}

const char *const command_category_names[COMMAND_CATEGORIES] = {
    "keyspace", "read",   "write",       "set",       "sortedset",  "list",        "hash",
    "string",   "bitmap", "hyperloglog", "geo",       "stream",     "pubsub",      "admin",
    "fast",     "slow",   "blocking",    "dangerous", "connection", "transaction", "scripting",
};
static_assert(CAT_SCRIPTING == 1 << (COMMAND_CATEGORIES - 1), "a name for each");
