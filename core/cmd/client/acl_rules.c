#include "core/cmd/client/acl_rules.h"

#include "core/base/mem.h"

#include <ctype.h>

/* --- life ------------------------------------------------------------------------------------ */

static struct acl_selector *acl_rules_add_selector(struct acl_rules *r)
{
    const uint32_t n = r->selector_count;
    r->selectors =
        mem_realloc(r->selectors, n * sizeof *r->selectors, (n + 1) * sizeof *r->selectors);
    r->selector_count++;
    return &r->selectors[n];
}

static void acl_rules_keep_selectors(struct acl_rules *r, uint32_t keep)
{
    const uint32_t n = r->selector_count;
    for (uint32_t i = keep; i < n; i++)
        acl_selector_release(&r->selectors[i]);
    r->selectors = mem_realloc(r->selectors, n * sizeof *r->selectors, keep * sizeof *r->selectors);
    r->selector_count = keep;
}

static void acl_rules_drop_passwords(struct acl_rules *r)
{
    mem_free(r->passwords, r->password_count * sizeof *r->passwords);
    r->passwords = NULL;
    r->password_count = 0;
}

struct acl_rules *acl_rules_new(const struct acl_basis *basis)
{
    struct acl_rules *r = mem_new(struct acl_rules);
    acl_selector_init(acl_rules_add_selector(r), basis);
    return r;
}

struct acl_rules *acl_rules_copy(const struct acl_rules *from)
{
    struct acl_rules *r = mem_new(struct acl_rules);
    r->flags = from->flags;
    r->password_count = from->password_count;
    r->passwords = mem_alloc(r->password_count * sizeof *r->passwords);
    if (r->password_count > 0)
        memcpy(r->passwords, from->passwords, r->password_count * sizeof *r->passwords);
    for (uint32_t i = 0; i < from->selector_count; i++)
        acl_selector_copy(acl_rules_add_selector(r), &from->selectors[i]);
    return r;
}

void acl_rules_free(struct acl_rules *r)
{
    if (!r)
        return;
    acl_rules_drop_passwords(r);
    for (uint32_t i = 0; i < r->selector_count; i++)
        acl_selector_release(&r->selectors[i]);
    mem_free(r->selectors, r->selector_count * sizeof *r->selectors);
    mem_delete(r);
}

/* --- passwords ------------------------------------------------------------------------------- */

bool acl_rules_know_password(const struct acl_rules *r, const uint8_t hash[SHA256_BYTES])
{
    uint32_t known = 0;
    for (uint32_t i = 0; i < r->password_count; i++)
        known |= bytes_equal_secret(bytes_of(hash, SHA256_BYTES),
                                    bytes_of(r->passwords[i], SHA256_BYTES));
    return known != 0;
}

static void acl_rules_add_password(struct acl_rules *r, const uint8_t hash[SHA256_BYTES])
{
    r->flags &= ~(uint32_t)ACL_USER_NOPASS;
    if (acl_rules_know_password(r, hash))
        return;
    const uint32_t n = r->password_count;
    r->passwords =
        mem_realloc(r->passwords, n * sizeof *r->passwords, (n + 1) * sizeof *r->passwords);
    memcpy(r->passwords[n], hash, SHA256_BYTES);
    r->password_count = n + 1;
}

static enum acl_fault acl_rules_drop_password(struct acl_rules *r, const uint8_t hash[SHA256_BYTES])
{
    const uint32_t n = r->password_count;
    uint32_t at = 0;
    while (at < n && memcmp(r->passwords[at], hash, SHA256_BYTES) != 0)
        at++;
    if (at == n)
        return ACL_FAULT_PASSWORD;
    memmove(r->passwords + at, r->passwords + at + 1, (n - at - 1) * sizeof *r->passwords);
    r->passwords =
        mem_realloc(r->passwords, n * sizeof *r->passwords, (n - 1) * sizeof *r->passwords);
    r->password_count = n - 1;
    return ACL_FINE;
}

static int acl_rules_nibble(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool acl_rules_read_hash(struct bytes hex, uint8_t out[SHA256_BYTES])
{
    if (hex.size != SHA256_HEX)
        return false;
    for (size_t i = 0; i < SHA256_BYTES; i++) {
        const int high = acl_rules_nibble(hex.data[2 * i]);
        const int low = acl_rules_nibble(hex.data[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        out[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

/* ">text", "<text", "#hash", "!hash". */
static enum acl_fault acl_rules_password(struct acl_rules *r, char sign, struct bytes text)
{
    uint8_t hash[SHA256_BYTES];
    if (sign == '>' || sign == '<')
        sha256_of(text, hash);
    else if (!acl_rules_read_hash(text, hash))
        return ACL_FAULT_HASH;
    if (sign == '<' || sign == '!')
        return acl_rules_drop_password(r, hash);
    acl_rules_add_password(r, hash);
    return ACL_FINE;
}

void acl_rules_append_password(struct buf *out, const uint8_t hash[SHA256_BYTES])
{
    for (size_t i = 0; i < SHA256_BYTES; i++)
        buf_printf(out, "%02x", hash[i]);
}

/* --- rules ----------------------------------------------------------------------------------- */

static void acl_rules_reset(struct acl_rules *r, const struct acl_basis *basis)
{
    acl_rules_drop_passwords(r);
    r->flags = 0;
    acl_rules_keep_selectors(r, 1);
    acl_selector_release(&r->selectors[0]);
    acl_selector_init(&r->selectors[0], basis);
}

/* The words between a rule's parentheses. */
static enum acl_fault acl_rules_selector(struct acl_rules *r, const struct acl_basis *basis,
                                         struct bytes inside)
{
    struct acl_selector s;
    enum acl_fault fault = ACL_FINE;
    acl_selector_init(&s, basis);
    const char *at = inside.data, *end = at + inside.size;
    while (fault == ACL_FINE && at < end) {
        const char *begin = at;
        while (at < end && !isspace((unsigned char)*at))
            at++;
        if (at > begin)
            fault = acl_selector_set(&s, basis, bytes_of(begin, (size_t)(at - begin)));
        at++;
    }
    if (fault == ACL_FINE)
        *acl_rules_add_selector(r) = s;
    else
        acl_selector_release(&s);
    return fault;
}

static const struct acl_rules_word {
    const char *word;
    uint32_t clear, set; /* enum acl_user_flag */
    bool passwords_go;
} acl_rules_words[] = {
    {"on", 0, ACL_USER_ON, false},
    {"off", ACL_USER_ON, 0, false},
    {"nopass", 0, ACL_USER_NOPASS, true},
    {"resetpass", ACL_USER_NOPASS, 0, true},
    {"sanitize-payload", ACL_USER_SKIP_SANITIZE, 0, false},
    {"skip-sanitize-payload", 0, ACL_USER_SKIP_SANITIZE, false},
};

enum acl_fault acl_rules_set(struct acl_rules *r, const struct acl_basis *basis, struct bytes rule)
{
    if (rule.size == 0)
        return ACL_FINE;
    for (size_t i = 0; i < sizeof acl_rules_words / sizeof *acl_rules_words; i++) {
        const struct acl_rules_word *w = &acl_rules_words[i];
        if (!bytes_is_word(rule, w->word))
            continue;
        r->flags = (r->flags & ~w->clear) | w->set;
        if (w->passwords_go)
            acl_rules_drop_passwords(r);
        return ACL_FINE;
    }
    const char first = rule.data[0];
    if (first == '(' && rule.size > 1 && rule.data[rule.size - 1] == ')')
        return acl_rules_selector(r, basis, bytes_of(rule.data + 1, rule.size - 2));
    if (first == '>' || first == '<' || first == '#' || first == '!')
        return acl_rules_password(r, first, bytes_of(rule.data + 1, rule.size - 1));
    if (bytes_is_word(rule, "clearselectors"))
        acl_rules_keep_selectors(r, 1);
    else if (bytes_is_word(rule, "reset"))
        acl_rules_reset(r, basis);
    else
        return acl_selector_set(&r->selectors[0], basis, rule);
    return ACL_FINE;
}

static bool acl_rules_opens(struct bytes word)
{
    return word.size > 0 && word.data[0] == '(' && word.data[word.size - 1] != ')';
}

bool acl_rules_gather(const struct bytes *words, size_t count, size_t *i, struct buf *rule)
{
    rule->size = 0;
    buf_append_bytes(rule, words[*i]);
    if (!acl_rules_opens(words[*i]))
        return true;
    while (++*i < count) {
        const struct bytes word = words[*i];
        buf_append_char(rule, ' ');
        buf_append_bytes(rule, word);
        if (word.size > 0 && word.data[word.size - 1] == ')')
            return true;
    }
    return false;
}

enum acl_fault acl_rules_set_all(struct acl_rules *r, const struct acl_basis *basis,
                                 const struct bytes *words, size_t count, struct buf *bad,
                                 const struct bytes **open)
{
    *open = NULL;
    /* Parentheses are looked at before anything else is. */
    for (size_t i = 0; i < count; i++) {
        const size_t begin = i;
        if (!acl_rules_gather(words, count, &i, bad)) {
            *open = &words[begin];
            return ACL_FAULT_SYNTAX;
        }
    }
    for (size_t i = 0; i < count; i++) {
        acl_rules_gather(words, count, &i, bad);
        const enum acl_fault fault = acl_rules_set(r, basis, buf_bytes(bad));
        if (fault != ACL_FINE)
            return fault;
    }
    return ACL_FINE;
}

bool acl_rules_allow_all(const struct acl_rules *r)
{
    for (uint32_t i = 0; i < r->selector_count; i++)
        if ((r->selectors[i].flags & ACL_ALL) == ACL_ALL)
            return true;
    return false;
}

void acl_rules_append(struct buf *out, const struct acl_rules *r)
{
    buf_append_cstr(out, r->flags & ACL_USER_ON ? "on " : "off ");
    if (r->flags & ACL_USER_NOPASS)
        buf_append_cstr(out, "nopass ");
    buf_append_cstr(out, r->flags & ACL_USER_SKIP_SANITIZE ? "skip-sanitize-payload "
                                                           : "sanitize-payload ");
    for (uint32_t i = 0; i < r->password_count; i++) {
        buf_append_char(out, '#');
        acl_rules_append_password(out, r->passwords[i]);
        buf_append_char(out, ' ');
    }
    for (uint32_t i = 0; i < r->selector_count; i++) {
        buf_append_cstr(out, i > 0 ? " (" : "");
        acl_selector_append(out, &r->selectors[i]);
        buf_append_cstr(out, i > 0 ? ")" : "");
    }
}

bool acl_name_is_good(struct bytes name)
{
    for (size_t i = 0; i < name.size; i++)
        if (isspace((unsigned char)name.data[i]) || name.data[i] == '\0')
            return false;
    return true;
}
