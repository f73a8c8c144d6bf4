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

bool command_has_secrets(const struct command_info *c)
{
    static const char *const names[] = {"auth", "hello", "config", "acl", "migrate"};
    const char *name = c->parent ? c->parent->row->name : c->row->name;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i][0] == name[0] && strcmp(names[i], name) == 0)
            return true;
    return false;
}

bool args_is_secret(const struct secret_rule *rule, const struct args *a, uint32_t i)
{
    const struct command_info *c = rule->command;
    LK_ASSERT(c && i < a->n);
    const struct bytes name = bytes_cstr(c->parent ? c->parent->row->name : c->row->name);
    if (i == 0)
        return false;
    if (bytes_is_word(name, "auth"))
        return true;
    if (bytes_is_word(name, "hello"))
        return i > 2 && secret_follows(a, i, 2, "auth");
    if (bytes_is_word(name, "config"))
        return secret_setting(rule, a, i);
    if (bytes_is_word(name, "acl"))
        return i > 1 &&
               (args_is(a, 1, "setuser") || args_is(a, 1, "getuser") || args_is(a, 1, "deluser"));
    if (bytes_is_word(name, "migrate"))
        return i > 6 && (secret_follows(a, i, 1, "auth") || secret_follows(a, i, 2, "auth2"));
    return false;
}
