/*
 * mix.h — commands with open fields, rendered beforehand.
 *
 * A template such as "SET __key__ __value__" is turned into images: whole RESP requests that lack
 * only the digits of their keys.  To issue a request is to copy an image and write those digits.
 * A command has several images, which differ in the size and the bytes of their values; a shuffled
 * sequence of images carries the weights.
 *
 *   image   *3\r\n$3\r\nSET\r\n$16\r\nkey:000000000000\r\n$32\r\n<random bytes>\r\n
 *   patch                            ^ 12 digits
 *
 * Fields   __key__    prefix and zero-padded number; each stands for a key of its own
 *          __value__  random letters, or with verify a function of the last key before it
 *          __rand__   a number below rand_max, zero-padded to 12 digits
 *          __rand:LOW:HIGH__  one from LOW to HIGH with as many digits as HIGH: there is no zero
 *                     in front if LOW is as long, as where a server takes no such numbers
 * Threads  read-only once made, so all threads share one mix
 */
#ifndef LK_BENCH_LOAD_MIX_H
#define LK_BENCH_LOAD_MIX_H

#include "bench/load/keys.h"
#include "core/base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    MIX_COMMANDS = 16,
    MIX_ARGS = 256,
    MIX_IMAGES = 64,            /* a command, unless its values are large */
    MIX_IMAGE_BYTES = 32 << 20, /* what the images of one command may take together */
    MIX_SEQUENCE = 1 << 13,
    MIX_RAND_DIGITS = 12
};
static const uint64_t MIX_RAND_END = 1000000000000000000; /* 10^18: the widest range's end */

enum patch_kind { PATCH_KEY, PATCH_VALUE, PATCH_RAND };

struct patch {
    enum patch_kind kind;
    uint32_t size;      /* bytes to write */
    size_t offset;      /* in the image; digits end at offset + size */
    uint64_t low, span; /* PATCH_RAND: low .. low + span - 1 */
};

struct image {
    char *data;
    size_t size;
    struct patch *patches;
    uint32_t patch_count;
    uint32_t command;
};

struct mix_command {
    const char *text; /* the template as given */
    char name[24];    /* its first word */
    uint32_t weight;
    bool verify; /* its reply is the value of its one key */
    struct image *images;
    uint32_t image_count;
};

struct mix_shape {
    const char *key_prefix;
    uint32_t key_size; /* the prefix and the digits */
    uint64_t value_min, value_max;
    uint64_t rand_max;
    bool verify;
    uint64_t seed;
};

struct mix {
    struct mix_shape shape;
    struct mix_command commands[MIX_COMMANDS];
    uint32_t command_count;
    const struct image **sequence; /* MIX_SEQUENCE of them */
    size_t largest;                /* image */
};

/* Is value the beginning of what belongs to key? */
bool mix_value_matches(struct bytes value, uint64_t key);

/* Eight decimal digits of v < 10^8 at once: halves, pairs, then single digits side by side. */
uint64_t mix_eight_digits(uint32_t v);

/* Writes v so that its last digit ends before end; the bytes further left are '0' already. */
void mix_put_digits(char *end, uint32_t width, uint64_t v);

/* Copies an image to out and fills it in; returns the last key drawn, 0 without one. */
uint64_t mix_render(const struct image *image, char *out, struct keys *keys);

/* Adds a template to a zeroed mix; false when there are too many. */
bool mix_add(struct mix *m, const char *text, uint32_t weight);

/* Makes the images and the sequence; on failure *bad is the template at fault. */
bool mix_build(struct mix *m, const struct mix_shape *shape, const char **bad);

/* How many keys a request of the command names. */
uint64_t mix_keys_of(const struct mix_command *c);

/* Frees all that mix_build made. */
void mix_release(struct mix *m);

#endif
