#include "core/cmd/client/secret.h"

/* Does one of the count words before argument i say that secrets follow? */
static bool secret_follows(const struct args *a, uint32_t i, uint32_t count, const char *word)
{
    for (uint32_t back = 1; back <= count && back < i; back++)
        if (args_is(a, i - back, word))
            return true;
    return false;
}

/* CONFIG SET name value …: is i the value of a secret one? */
static bool secret_setting(const struct secret_rule *rule, const struct args *a, uint32_t i)
{
    if (i < 3 || i % 2 == 0 || !args_is(a, 1, "set"))
        return false;
    return !rule->is_secret || rule->is_secret(a->v[i - 1]);
}

/* AUTH [name] password: all of it. */
static bool secret_auth(const struct secret_rule *rule, const struct args *a, uint32_t i)
{
    (void)rule;
    (void)a;
    return i > 0;
}

static bool secret_hello(const struct secret_rule *rule, const struct args *a, uint32_t i)
{
    (void)rule;
    return i > 2 && secret_follows(a, i, 2, "auth");
}

static bool word_has_secrets(const struct args *a, uint32_t i);

/* Of a call that DRYRUN only tries all arguments are hidden, if calls like it may have any. */
static bool secret_rules(const struct secret_rule *rule, const struct args *a, uint32_t i)
{
    (void)rule;
    if (args_is(a, 1, "dryrun"))
        return i > 3 && word_has_secrets(a, 3);
    return i > 1 &&
           (args_is(a, 1, "setuser") || args_is(a, 1, "getuser") || args_is(a, 1, "deluser"));
}

static bool secret_migrate(const struct secret_rule *rule, const struct args *a, uint32_t i)
{
    (void)rule;
    return i > 6 && (secret_follows(a, i, 1, "auth") || secret_follows(a, i, 2, "auth2"));
}

static const struct secret_row {
    const char *name;
    bool (*is_secret)(const struct secret_rule *rule, const struct args *a, uint32_t i);
} secret_rows[] = {
    {"auth", secret_auth}, {"hello", secret_hello},     {"config", secret_setting},
    {"acl", secret_rules}, {"migrate", secret_migrate},
};

static bool word_has_secrets(const struct args *a, uint32_t i)
{
    for (size_t row = 0; row < sizeof secret_rows / sizeof *secret_rows; row++)
        if (args_is(a, i, secret_rows[row].name))
            return true;
    return false;
}

/* NULL: its calls have no secrets. */
static const struct secret_row *secret_row_of(const struct command_info *c)
{
    const char *name = c->parent ? c->parent->row->name : c->row->name;
    for (size_t i = 0; i < sizeof secret_rows / sizeof *secret_rows; i++)
        if (secret_rows[i].name[0] == (name[0] | ' ') &&
            bytes_is_word(bytes_cstr(name), secret_rows[i].name))
            return &secret_rows[i];
    return NULL;
}

bool command_has_secrets(const struct command_info *c)
{
    return secret_row_of(c) != NULL;
}

bool args_is_secret(const struct secret_rule *rule, const struct args *a, uint32_t i)
{
    LK_ASSERT(rule->command && i < a->n);
    const struct secret_row *row = secret_row_of(rule->command);
    return row && row->is_secret(rule, a, i);
}
