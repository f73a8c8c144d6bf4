/*
 * string_options.c — one row a word; the rows say which of them do not go together.
 */
#include "core/cmd/string/string_options.h"

#include "core/cmd/engine/deadline.h"

enum { LIFETIMES = OPTION_KEEPTTL | OPTION_PERSIST | OPTIONS_EXPIRE };

static const struct option {
    const char *word;
    unsigned bit, excludes;
    bool takes_word;
    unsigned form;
} options[] = {
    {"ex", OPTION_EX, LIFETIMES & ~OPTION_EX, true, DEADLINE_SECONDS},
    {"px", OPTION_PX, LIFETIMES & ~OPTION_PX, true, 0},
    {"nx", OPTION_NX, OPTION_XX | OPTION_IFEQ, false, 0},
    {"xx", OPTION_XX, OPTION_NX | OPTION_IFEQ, false, 0},
    {"get", OPTION_GET, 0, false, 0},
    {"keepttl", OPTION_KEEPTTL, LIFETIMES & ~OPTION_KEEPTTL, false, 0},
    {"persist", OPTION_PERSIST, LIFETIMES & ~OPTION_PERSIST, false, 0},
    {"exat", OPTION_EXAT, LIFETIMES & ~OPTION_EXAT, true, DEADLINE_SECONDS | DEADLINE_ABSOLUTE},
    {"pxat", OPTION_PXAT, LIFETIMES & ~OPTION_PXAT, true, DEADLINE_ABSOLUTE},
    {"ifeq", OPTION_IFEQ, OPTION_NX | OPTION_XX, true, 0},
};

static const struct option *string_options_find(struct bytes word, unsigned allowed)
{
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        if ((options[i].bit & allowed) && bytes_is_word(word, options[i].word))
            return &options[i];
    }
    return NULL;
}

int string_options_parse(const struct args *a, uint32_t first, unsigned allowed,
                         struct string_options *out)
{
    *out = (struct string_options){0};
    for (uint32_t i = first; i < a->n; i++) {
        const struct option *o = string_options_find(a->v[i], allowed);
        if (!o || (out->given & o->excludes) || (o->takes_word && i + 1 == a->n))
            return LK_ESYNTAX;
        out->given |= o->bit;
        if (o->bit == OPTION_IFEQ) {
            out->expect = a->v[++i];
        } else if (o->takes_word) {
            out->form = o->form;
            out->when = a->v[++i];
        }
    }
    return LK_OK;
}
