#include "core/cmd/client/secret.h"

/* Does one of the count words before argument i say that secrets follow? */
static bool follows(const struct args *a, uint32_t i, uint32_t count, const char *word)
{
    for (uint32_t back = 1; back <= count && back < i; back++)
        if (args_is(a, i - back, word))
            return true;
    return false;
}

static bool is_secret_setting(const struct args *a, uint32_t i)
{
    static const char *const names[] = {"requirepass", "masterauth", "masteruser",
                                        "tls-key-file-pass", "tls-client-key-file-pass"};
    for (size_t n = 0; n < sizeof names / sizeof names[0]; n++)
        if (args_is(a, i, names[n]))
            return true;
    return false;
}

bool args_is_secret(const struct args *a, uint32_t i)
{
    if (i == 0)
        return false;
    if (args_is(a, 0, "auth"))
        return true;
    if (args_is(a, 0, "hello"))
        return i > 2 && follows(a, i, 2, "auth");
    if (args_is(a, 0, "config"))
        return i > 2 && i % 2 == 1 && args_is(a, 1, "set") && is_secret_setting(a, i - 1);
    if (args_is(a, 0, "acl"))
        return i > 1 && args_is(a, 1, "setuser");
    if (args_is(a, 0, "migrate"))
        return i > 6 && (follows(a, i, 1, "auth") || follows(a, i, 2, "auth2"));
    return false;
}
