/*
 * zset_order.c — elements in the tree: their bytes and their order.
 */
#include "core/ds/le.h"
#include "core/types/zset_priv.h"

/*
 * The first byte of a string of eight bytes: a score that is no exact integer.  And that of a
 * number of eight bytes: places and times, which are read more often than others.
 */
enum { RAW_SCORE = 0x88, WIDE_SCORE = 0xf4, WIDE_SCORE_BYTES = 1 + sizeof(double) + 1 };

const unsigned char *zset_element_score_slow(const unsigned char *p, double *score)
{
    if (*p == RAW_SCORE) {
        memcpy(score, p + 1, sizeof *score);
        return p + WIDE_SCORE_BYTES;
    }
    if (*p == WIDE_SCORE) {
        *score = (double)(int64_t)le64_get(p + 1);
        return p + WIDE_SCORE_BYTES;
    }
    *score = (double)listpack_get(p).number;
    return p + listpack_entry_bytes(p);
}

void zset_element_values(struct bytes member, double score, char raw[sizeof(double)],
                         struct listpack_value out[2])
{
    int64_t n;
    if (zset_score_is_integer(score, &n)) {
        out[0] = listpack_from_number(n);
    } else {
        memcpy(raw, &score, sizeof score);
        out[0] = (struct listpack_value){.s = bytes_of(raw, sizeof score)};
    }
    /* Never as a number: a member is compared and sent more often than it is written. */
    out[1] = (struct listpack_value){.s = bytes_of(member.data ? member.data : "", member.size)};
}

static uint64_t element_hint(const unsigned char *p)
{
    double score;
    (void)zset_element_score(p, &score);
    return zset_score_bits(score);
}

/* 1012 bytes of listpack are a block of 1024, and some 30 to 50 elements. */
const struct tree_params zset_tree_params = {
    .stride = 2, .leaf_bytes = 1012, .leaf_elements = 512, .hint = element_hint};

static int compare_element(const void *key, const unsigned char *p)
{
    const struct zset_key *k = key;
    double score;
    const unsigned char *member = zset_element_score(p, &score);
    if (k->score != score)
        return k->score < score ? -1 : 1;
    return zset_compare_members(k->member, listpack_string(member));
}

static unsigned skip_elements(const void *key, const unsigned char **p, unsigned n, bool upper)
{
    const struct zset_key *k = key;
    const unsigned char *at = *p;
    unsigned i = 0;
    for (; i < n; i++) {
        double score;
        const unsigned char *member = zset_element_score(at, &score);
        if (score > k->score)
            break;
        if (score == k->score) {
            const int c = zset_compare_members(listpack_string(member), k->member);
            if (c > 0 || (c == 0 && !upper))
                break;
        }
        at = member + listpack_entry_bytes(member);
    }
    *p = at;
    return i;
}

struct tree_probe zset_probe(const struct zset_key *key)
{
    return (struct tree_probe){.key = key,
                               .compare = compare_element,
                               .skip = skip_elements,
                               .hint = zset_score_bits(key->score),
                               .has_hint = true};
}

int zset_element_compare(const unsigned char *a, const unsigned char *b)
{
    struct zset_key key;
    key.member = listpack_get(zset_element_score(a, &key.score)).s;
    return compare_element(&key, b);
}

void zset_tree_read(struct zset_iter *it)
{
    it->member = listpack_string(zset_element_score(it->tree.p, &it->score));
}
