#include "core/cmd/client/acl_text.h"

#include "core/base/mem.h"

static bool acl_text_is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct bytes acl_text_trim(struct bytes line)
{
    while (line.size > 0 && acl_text_is_blank(line.data[0]))
        line = bytes_of(line.data + 1, line.size - 1);
    while (line.size > 0 && acl_text_is_blank(line.data[line.size - 1]))
        line.size--;
    return line;
}

/* What stands before the first end byte, which is taken from rest as well. */
static struct bytes acl_text_take(struct bytes *rest, char end)
{
    const char *at = rest->size > 0 ? memchr(rest->data, end, rest->size) : NULL;
    const struct bytes head = bytes_of(rest->data, at ? (size_t)(at - rest->data) : rest->size);
    const size_t used = head.size + (at ? 1 : 0);
    *rest = bytes_of(rest->data + used, rest->size - used);
    return head;
}

/* --- a draft --------------------------------------------------------------------------------- */

struct acl_draft_user *acl_draft_find(const struct acl_draft *d, struct bytes name)
{
    for (uint32_t i = 0; i < d->count; i++)
        if (bytes_equal(d->v[i].name, name))
            return &d->v[i];
    return NULL;
}

void acl_draft_release(struct acl_draft *d)
{
    for (uint32_t i = 0; i < d->count; i++)
        acl_rules_free(d->v[i].rules);
    mem_free(d->v, d->capacity * sizeof *d->v);
    *d = (struct acl_draft){0};
}

static void acl_draft_add(struct acl_draft *d, struct bytes name, struct acl_rules *rules)
{
    if (d->count == d->capacity) {
        const uint32_t more = d->capacity ? d->capacity * 2 : 8;
        d->v = mem_realloc(d->v, d->capacity * sizeof *d->v, more * sizeof *d->v);
        d->capacity = more;
    }
    d->v[d->count++] = (struct acl_draft_user){name, rules};
}

/* --- reading --------------------------------------------------------------------------------- */

struct acl_reader {
    struct acl_draft *draft;
    const struct acl_basis *basis;
    const char *file;
    struct buf *errors;
    int line;
};

/* The rules behind a name, as words in v. */
static size_t acl_reader_split(struct bytes rest, struct bytes **v)
{
    size_t n = 0, capacity = 0;
    *v = NULL;
    while (rest.size > 0) {
        const struct bytes word = acl_text_take(&rest, ' ');
        if (n == capacity) {
            const size_t more = capacity ? capacity * 2 : 8;
            *v = mem_realloc(*v, capacity * sizeof **v, more * sizeof **v);
            capacity = more;
        }
        (*v)[n++] = word;
    }
    /* The caller frees by the count. */
    *v = mem_realloc(*v, capacity * sizeof **v, n * sizeof **v);
    return n;
}

/*
 * All names that are unknown are told, since they give nothing away; of other faults only the first
 * of a line is, as those behind it may follow from it.
 */
static void acl_reader_rules(struct acl_reader *r, struct acl_rules *rules,
                             const struct bytes *words, size_t count)
{
    bool told = false;
    struct buf rule = {0};
    for (size_t i = 0; i < count; i++) {
        const size_t begin = i;
        if (!acl_rules_gather(words, count, &i, &rule)) {
            buf_printf(r->errors,
                       "%s:%d: Unmatched parenthesis in selector definition starting at "
                       "'%.*s'. ",
                       r->file, r->line, (int)words[begin].size, words[begin].data);
            break;
        }
        const enum acl_fault fault = acl_rules_set(rules, r->basis, buf_bytes(&rule));
        if (fault == ACL_FAULT_NAME) {
            buf_printf(r->errors, "%s:%d: Error in applying operation '%.*s': %s. ", r->file,
                       r->line, (int)rule.size, rule.data, acl_fault_text(fault));
        } else if (fault != ACL_FINE && !told) {
            buf_printf(r->errors, "%s:%d: %s. ", r->file, r->line, acl_fault_text(fault));
            told = true;
        }
    }
    buf_release(&rule);
}

static void acl_reader_line(struct acl_reader *r, struct bytes line)
{
    struct bytes rest = line;
    const struct bytes word = acl_text_take(&rest, ' ');
    const bool has_name = word.size < line.size;
    const struct bytes name = acl_text_take(&rest, ' ');
    if (!bytes_equal(word, bytes_cstr("user")) || !has_name) {
        buf_printf(r->errors, "%s:%d should start with user keyword followed by the username. ",
                   r->file, r->line);
    } else if (!acl_name_is_good(name)) {
        buf_printf(r->errors, "'%s:%d: username '%.*s' contains invalid characters. ", r->file,
                   r->line, (int)name.size, name.data);
    } else if (acl_draft_find(r->draft, name)) {
        buf_printf(r->errors, "WARNING: Duplicate user '%.*s' found on line %d. ", (int)name.size,
                   name.data, r->line);
    } else {
        struct bytes *words;
        const size_t count = acl_reader_split(rest, &words);
        struct acl_rules *rules = acl_rules_new(r->basis);
        acl_draft_add(r->draft, name, rules);
        acl_reader_rules(r, rules, words, count);
        mem_free(words, count * sizeof *words);
    }
}

bool acl_draft_read(struct acl_draft *d, const struct acl_basis *basis, struct bytes text,
                    const char *file, struct buf *errors)
{
    struct acl_reader r = {.draft = d, .basis = basis, .file = file, .errors = errors};
    LK_ASSERT(d->count == 0);
    while (text.size > 0) {
        const struct bytes line = acl_text_trim(acl_text_take(&text, '\n'));
        r.line++;
        if (line.size > 0)
            acl_reader_line(&r, line);
    }
    if (errors->size == 0)
        return true;
    buf_append_cstr(errors, "WARNING: ACL errors detected, no change to the previously active ACL "
                            "rules was performed");
    return false;
}

/* --- writing --------------------------------------------------------------------------------- */

void acl_append_user(struct buf *out, const struct acl_user *u)
{
    buf_append_cstr(out, "user ");
    buf_append_bytes(out, u->name);
    buf_append_char(out, ' ');
    acl_rules_append(out, acl_user_rules(u));
}
