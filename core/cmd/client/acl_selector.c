#include "core/cmd/client/acl_selector.h"

#include "core/base/mem.h"
#include "core/cmd/command/absent.h"

#include <ctype.h>

const char *acl_fault_text(enum acl_fault fault)
{
    static const char *const texts[ACL_FAULTS] = {
        [ACL_FAULT_SYNTAX] = "Syntax error",
        [ACL_FAULT_NAME] = "Unknown command or category name in ACL",
        [ACL_FAULT_KEYS] =
            "Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid and does "
            "not have any effect. Try 'resetkeys' to start with an empty list of patterns",
        [ACL_FAULT_CHANNELS] =
            "Adding a pattern after the * pattern (or the 'allchannels' flag) is not valid and "
            "does not have any effect. Try 'resetchannels' to start with an empty list of channels",
        [ACL_FAULT_FIRST] = "Allowing first-arg of a subcommand is not supported",
        [ACL_FAULT_PASSWORD] = "The password you are trying to remove from the user does not exist",
        [ACL_FAULT_HASH] = "The password hash must be exactly 64 characters and contain only "
                           "lowercase hexadecimal characters",
        [ACL_FAULT_TWICE] = "Duplicate user found. A user can only be defined once in config files",
    };
    LK_ASSERT(fault > ACL_FINE && fault < ACL_FAULTS);
    return texts[fault];
}

/* --- life ------------------------------------------------------------------------------------ */

void acl_selector_init(struct acl_selector *s, const struct acl_basis *basis)
{
    *s = (struct acl_selector){.flags = basis->all_channels ? (uint32_t)ACL_ALL_CHANNELS : 0};
}

static void acl_selector_append_lower(struct buf *out, struct bytes text)
{
    for (size_t i = 0; i < text.size; i++)
        buf_append_char(out, (char)tolower((unsigned char)text.data[i]));
}

static void acl_selector_add_first(struct acl_selector *s, const struct command_info *c,
                                   struct bytes word)
{
    for (uint32_t i = 0; i < s->first_count; i++)
        if (s->first[i].command == c && bytes_is_word(word, s->first[i].word))
            return;
    struct buf lower = {0};
    acl_selector_append_lower(&lower, word);
    buf_append_char(&lower, '\0');
    s->first = mem_realloc(s->first, s->first_count * sizeof *s->first,
                           (s->first_count + 1) * sizeof *s->first);
    s->first[s->first_count++] = (struct acl_first){c, mem_strdup(lower.data)};
    buf_release(&lower);
}

/* Those of one command, or all if c is NULL. */
static void acl_selector_drop_first(struct acl_selector *s, const struct command_info *c)
{
    const uint32_t before = s->first_count;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < before; i++) {
        if (c && s->first[i].command != c)
            s->first[kept++] = s->first[i];
        else
            mem_strfree(s->first[i].word);
    }
    if (kept == before)
        return;
    s->first = mem_realloc(s->first, before * sizeof *s->first, kept * sizeof *s->first);
    s->first_count = kept;
}

void acl_selector_copy(struct acl_selector *to, const struct acl_selector *from)
{
    *to = *from;
    acl_patterns_copy(&to->keys, &from->keys);
    acl_patterns_copy(&to->channels, &from->channels);
    to->words = (struct buf){0};
    buf_append_bytes(&to->words, buf_bytes(&from->words));
    to->first = NULL;
    to->first_count = 0;
    for (uint32_t i = 0; i < from->first_count; i++)
        acl_selector_add_first(to, from->first[i].command, bytes_cstr(from->first[i].word));
}

void acl_selector_release(struct acl_selector *s)
{
    acl_patterns_clear(&s->keys);
    acl_patterns_clear(&s->channels);
    acl_selector_drop_first(s, NULL);
    mem_free(s->first, s->first_count * sizeof *s->first);
    buf_release(&s->words);
    *s = (struct acl_selector){0};
}

/* --- commands -------------------------------------------------------------------------------- */

/* A command by the name in its row: rename-command does not touch what users may do. */
static const struct command_info *acl_selector_find(const struct command_index *ix,
                                                    struct bytes name)
{
    const char *bar = name.size > 0 ? memchr(name.data, '|', name.size) : NULL;
    const struct bytes head = bytes_of(name.data, bar ? (size_t)(bar - name.data) : name.size);
    const struct command_info *c = NULL;
    for (uint32_t i = 0; !c && i < command_index_top_count(ix); i++)
        if (bytes_is_word(head, command_index_top(ix, i)->row->name))
            c = command_index_top(ix, i);
    if (!c || !bar)
        return c;
    const struct bytes word = bytes_of(bar + 1, name.size - head.size - 1);
    for (uint32_t i = 0; i < c->subcommand_count; i++)
        if (bytes_is_word(word, c->subcommands[i].row->name))
            return &c->subcommands[i];
    return NULL;
}

/* Redis has it, and it may be here one day: a rule about it is kept, and says nothing yet. */
static bool acl_selector_is_absent(struct bytes name)
{
    const char *bar = name.size > 0 ? memchr(name.data, '|', name.size) : NULL;
    return command_is_absent(bytes_of(name.data, bar ? (size_t)(bar - name.data) : name.size));
}

static void acl_selector_allow_one(struct acl_selector *s, const struct command_info *c, bool allow)
{
    const uint64_t bit = UINT64_C(1) << c->id % 64;
    LK_ASSERT(c->id < ACL_COMMANDS);
    acl_selector_drop_first(s, c);
    if (allow) {
        s->commands[c->id / 64] |= bit;
        return;
    }
    s->commands[c->id / 64] &= ~bit;
    s->flags &= ~(uint32_t)ACL_ALL_COMMANDS;
}

static void acl_selector_allow(struct acl_selector *s, const struct command_info *c, bool allow)
{
    acl_selector_allow_one(s, c, allow);
    for (uint32_t i = 0; i < c->subcommand_count; i++)
        acl_selector_allow_one(s, &c->subcommands[i], allow);
}

static void acl_selector_allow_all(struct acl_selector *s, bool allow)
{
    memset(s->commands, allow ? 0xff : 0, sizeof s->commands);
    acl_selector_drop_first(s, NULL);
    s->words.size = 0;
    if (allow)
        s->flags |= ACL_ALL_COMMANDS | ACL_NEW_COMMANDS;
    else
        s->flags &= ~(uint32_t)(ACL_ALL_COMMANDS | ACL_NEW_COMMANDS);
}

/* Does what is said of name hold for word as well: the same, or one of its subcommands? */
static bool acl_selector_covers(struct bytes name, struct bytes word)
{
    return word.size >= name.size && memcmp(word.data, name.data, name.size) == 0 &&
           (word.size == name.size || word.data[name.size] == '|');
}

/* The last word on a command is the one that counts: those before it go. */
static void acl_selector_say(struct acl_selector *s, struct bytes rule, bool allow)
{
    struct buf words = {0}, lower = {0};
    acl_selector_append_lower(&lower, rule);
    const struct bytes name = buf_bytes(&lower);
    const char *at = s->words.data, *end = at ? at + s->words.size : at;
    while (at < end) {
        const char *space = memchr(at, ' ', (size_t)(end - at));
        const struct bytes word = bytes_of(at, (size_t)((space ? space : end) - at));
        at += word.size + 1;
        if (acl_selector_covers(name, bytes_of(word.data + 1, word.size - 1)))
            continue;
        if (words.size > 0)
            buf_append_char(&words, ' ');
        buf_append_bytes(&words, word);
    }
    if (words.size > 0)
        buf_append_char(&words, ' ');
    buf_append_char(&words, allow ? '+' : '-');
    buf_append_bytes(&words, name);
    buf_release(&lower);
    buf_release(&s->words);
    s->words = words;
}

static enum acl_fault acl_selector_category(struct acl_selector *s, const struct command_index *ix,
                                            struct bytes name, bool allow)
{
    uint32_t category = 0;
    while (category < COMMAND_CATEGORIES && !bytes_is_word(name, command_category_names[category]))
        category++;
    if (category == COMMAND_CATEGORIES)
        return ACL_FAULT_NAME;
    for (uint32_t i = 0; i < command_index_count(ix); i++)
        if (command_index_at(ix, i)->categories >> category & 1)
            acl_selector_allow(s, command_index_at(ix, i), allow);
    struct buf word = {0};
    buf_printf(&word, "@%s", command_category_names[category]);
    acl_selector_say(s, buf_bytes(&word), allow);
    buf_release(&word);
    return ACL_FINE;
}

/* "+name|word" of a command without subcommands; name is all before the last bar. */
static enum acl_fault acl_selector_first(struct acl_selector *s, const struct command_index *ix,
                                         struct bytes rule, struct bytes name)
{
    const struct command_info *c = acl_selector_find(ix, name);
    const struct bytes word = bytes_of(rule.data + name.size + 1, rule.size - name.size - 1);
    if (!c && !acl_selector_is_absent(name))
        return ACL_FAULT_NAME;
    if (c && c->parent)
        return ACL_FAULT_FIRST;
    if (word.size == 0)
        return ACL_FAULT_SYNTAX;
    if (c && c->subcommand_count > 0) {
        c = acl_selector_find(ix, rule);
        if (!c)
            return ACL_FAULT_NAME;
        acl_selector_allow(s, c, true);
    } else if (c) {
        acl_selector_add_first(s, c, word);
    }
    acl_selector_say(s, rule, true);
    return ACL_FINE;
}

static enum acl_fault acl_selector_command(struct acl_selector *s, const struct command_index *ix,
                                           struct bytes name, bool allow)
{
    const char *bar = name.size > 0 ? memrchr(name.data, '|', name.size) : NULL;
    if (allow && bar)
        return acl_selector_first(s, ix, name, bytes_of(name.data, (size_t)(bar - name.data)));
    const struct command_info *c = acl_selector_find(ix, name);
    if (c) {
        acl_selector_allow(s, c, allow);
        acl_selector_say(s, bytes_cstr(c->full_name), allow);
        return ACL_FINE;
    }
    if (!acl_selector_is_absent(name))
        return ACL_FAULT_NAME;
    acl_selector_say(s, name, allow);
    return ACL_FINE;
}

/* --- keys and channels ----------------------------------------------------------------------- */

static bool acl_selector_has_space(struct bytes text)
{
    for (size_t i = 0; i < text.size; i++)
        if (isspace((unsigned char)text.data[i]) || text.data[i] == '\0')
            return true;
    return false;
}

/* "R", "W" or both before the tilde; returns where that is, 0 if the words are none. */
static size_t acl_selector_use(struct bytes rule, uint8_t *use)
{
    *use = 0;
    for (size_t i = 1; i < rule.size; i++) {
        const char letter = rule.data[i];
        const uint8_t bit = letter == 'r' || letter == 'R'   ? ACL_READ
                            : letter == 'w' || letter == 'W' ? ACL_WRITE
                                                             : 0;
        if (letter == '~')
            return *use ? i : 0;
        if (bit == 0 || *use & bit)
            return 0;
        *use |= bit;
    }
    return 0;
}

static enum acl_fault acl_selector_key(struct acl_selector *s, struct bytes rule)
{
    uint8_t use = ACL_READ_WRITE;
    size_t tilde = 0;
    if (s->flags & ACL_ALL_KEYS)
        return ACL_FAULT_KEYS;
    if (rule.data[0] == '%' && (tilde = acl_selector_use(rule, &use)) == 0)
        return ACL_FAULT_SYNTAX;
    const struct bytes pattern = bytes_of(rule.data + tilde + 1, rule.size - tilde - 1);
    if (acl_selector_has_space(pattern))
        return ACL_FAULT_SYNTAX;
    acl_patterns_add(&s->keys, pattern, use);
    return ACL_FINE;
}

static enum acl_fault acl_selector_channel(struct acl_selector *s, struct bytes rule)
{
    const struct bytes pattern = bytes_of(rule.data + 1, rule.size - 1);
    if (s->flags & ACL_ALL_CHANNELS)
        return ACL_FAULT_CHANNELS;
    if (acl_selector_has_space(pattern))
        return ACL_FAULT_SYNTAX;
    acl_patterns_add(&s->channels, pattern, ACL_READ_WRITE);
    return ACL_FINE;
}

static void acl_selector_all_keys(struct acl_selector *s, bool all)
{
    acl_patterns_clear(&s->keys);
    s->flags = all ? s->flags | ACL_ALL_KEYS : s->flags & ~(uint32_t)ACL_ALL_KEYS;
}

static void acl_selector_all_channels(struct acl_selector *s, bool all)
{
    acl_patterns_clear(&s->channels);
    s->flags = all ? s->flags | ACL_ALL_CHANNELS : s->flags & ~(uint32_t)ACL_ALL_CHANNELS;
}

/* --- rules ----------------------------------------------------------------------------------- */

static const struct acl_selector_word {
    const char *word;
    void (*set)(struct acl_selector *s, bool all);
    bool all;
} acl_selector_words[] = {
    {"allkeys", acl_selector_all_keys, true},
    {"~*", acl_selector_all_keys, true},
    {"resetkeys", acl_selector_all_keys, false},
    {"allchannels", acl_selector_all_channels, true},
    {"&*", acl_selector_all_channels, true},
    {"resetchannels", acl_selector_all_channels, false},
    {"allcommands", acl_selector_allow_all, true},
    {"+@all", acl_selector_allow_all, true},
    {"nocommands", acl_selector_allow_all, false},
    {"-@all", acl_selector_allow_all, false},
};

enum acl_fault acl_selector_set(struct acl_selector *s, const struct acl_basis *basis,
                                struct bytes rule)
{
    for (size_t i = 0; i < sizeof acl_selector_words / sizeof *acl_selector_words; i++)
        if (bytes_is_word(rule, acl_selector_words[i].word)) {
            acl_selector_words[i].set(s, acl_selector_words[i].all);
            return ACL_FINE;
        }
    const char first = rule.size > 0 ? rule.data[0] : '\0';
    if (first == '~' || first == '%')
        return acl_selector_key(s, rule);
    if (first == '&')
        return acl_selector_channel(s, rule);
    if (first != '+' && first != '-')
        return ACL_FAULT_SYNTAX;
    const struct bytes name = bytes_of(rule.data + 1, rule.size - 1);
    if (name.size > 0 && name.data[0] == '@')
        return acl_selector_category(s, basis->commands, bytes_of(name.data + 1, name.size - 1),
                                     first == '+');
    return acl_selector_command(s, basis->commands, name, first == '+');
}

/* --- as text --------------------------------------------------------------------------------- */

void acl_selector_append_commands(struct buf *out, const struct acl_selector *s)
{
    buf_append_cstr(out, s->flags & ACL_NEW_COMMANDS ? "+@all" : "-@all");
    if (s->words.size > 0)
        buf_append_char(out, ' ');
    buf_append_bytes(out, buf_bytes(&s->words));
}

void acl_selector_append_keys(struct buf *out, const struct acl_selector *s)
{
    static const char *const signs[] = {
        [ACL_READ] = "%R~", [ACL_WRITE] = "%W~", [ACL_READ_WRITE] = "~"};
    if (s->flags & ACL_ALL_KEYS)
        buf_append_cstr(out, "~*");
    for (uint32_t i = 0; i < s->keys.count; i++) {
        if (i > 0)
            buf_append_char(out, ' ');
        buf_append_cstr(out, signs[s->keys.v[i].use]);
        buf_append_bytes(out, s->keys.v[i].text);
    }
}

void acl_selector_append_channels(struct buf *out, const struct acl_selector *s)
{
    if (s->flags & ACL_ALL_CHANNELS)
        buf_append_cstr(out, "&*");
    for (uint32_t i = 0; i < s->channels.count; i++) {
        if (i > 0)
            buf_append_char(out, ' ');
        buf_append_char(out, '&');
        buf_append_bytes(out, s->channels.v[i].text);
    }
}

void acl_selector_append(struct buf *out, const struct acl_selector *s)
{
    if (s->flags & ACL_ALL_KEYS || s->keys.count > 0) {
        acl_selector_append_keys(out, s);
        buf_append_char(out, ' ');
    }
    if (!(s->flags & ACL_ALL_CHANNELS))
        buf_append_cstr(out, "resetchannels ");
    if (s->flags & ACL_ALL_CHANNELS || s->channels.count > 0) {
        acl_selector_append_channels(out, s);
        buf_append_char(out, ' ');
    }
    acl_selector_append_commands(out, s);
}
