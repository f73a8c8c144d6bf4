/*
 * glob.c — patterns as KEYS, SCAN, PSUBSCRIBE and CONFIG GET take them.
 *
 * Every element of a pattern but the star takes exactly one byte of the text.  So when an element
 * does not fit, only the last star can help, by taking one byte more: an earlier star could but
 * hand on bytes that the last one can take as well.  This bounds the work by pattern × text, where
 * the textbook recursion is exponential in the stars.
 *
 *   pattern  a * b c * d ?        text  a x b c y y d z
 *                    ^ retry                  ^ retry + 1
 *
 * What clients can observe of broken patterns is kept: a class without an end ends with the
 * pattern, "[]" fits nothing, "[^]" anything, "[z-a]" is "[a-z]", a last backslash is itself, and
 * an escaped byte inside a class is compared without folding.
 */
#include "core/base/bytes.h"

static unsigned char fold_byte(char c, bool fold)
{
    const unsigned char u = (unsigned char)c;
    return fold && u >= 'A' && u <= 'Z' ? u | 0x20 : u;
}

/*
 * Does the class that begins behind the '[' at p[at - 1] hold c?  Sets *at behind its ']', or to
 * the pattern's end.
 */
static bool class_holds(struct bytes pattern, size_t *at, char c, bool fold)
{
    const char *p = pattern.data;
    const unsigned char want = fold_byte(c, fold);
    size_t i = *at;
    bool held = false;
    const bool negated = i < pattern.size && p[i] == '^';

    if (negated)
        i++;
    while (i < pattern.size && p[i] != ']') {
        if (p[i] == '\\' && pattern.size - i >= 2) {
            held |= p[i + 1] == c;
            i += 2;
        } else if (pattern.size - i >= 3 && p[i + 1] == '-') {
            const unsigned char a = fold_byte(p[i], fold), b = fold_byte(p[i + 2], fold);
            held |= a <= b ? want >= a && want <= b : want >= b && want <= a;
            i += 3;
        } else {
            held |= fold_byte(p[i], fold) == want;
            i++;
        }
    }
    *at = i < pattern.size ? i + 1 : i;
    return held != negated;
}

/* Does the element at p[*at], which is no star, take c?  Moves *at behind it. */
static bool element_takes(struct bytes pattern, size_t *at, char c, bool fold)
{
    const char *p = pattern.data;

    switch (p[*at]) {
    case '?':
        ++*at;
        return true;
    case '[':
        ++*at;
        return class_holds(pattern, at, c, fold);
    case '\\':
        if (pattern.size - *at >= 2)
            ++*at;
        break;
    default:
        break;
    }
    return fold_byte(p[(*at)++], fold) == fold_byte(c, fold);
}

bool bytes_match_glob(struct bytes pattern, struct bytes text, bool fold)
{
    size_t p = 0, t = 0;
    size_t retry_p = 0, retry_t = 0; /* behind the last star, and where its rest was tried */
    bool starred = false;

    while (t < text.size) {
        if (p < pattern.size && pattern.data[p] == '*') {
            starred = true;
            retry_p = ++p;
            retry_t = t;
            if (p == pattern.size)
                return true;
        } else if (p < pattern.size && element_takes(pattern, &p, text.data[t], fold)) {
            t++;
        } else if (starred) {
            p = retry_p;
            t = ++retry_t;
        } else {
            return false;
        }
    }
    while (p < pattern.size && pattern.data[p] == '*')
        p++;
    return p == pattern.size;
}
