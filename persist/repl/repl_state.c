#include "persist/repl/repl_state.h"

#include "core/base/rng.h"

#include <string.h>

void repl_state_new_id(char id[REPL_ID_CHARS + 1])
{
    unsigned char raw[REPL_ID_CHARS / 2];
    rng_system(raw, sizeof raw);
    for (size_t i = 0; i < sizeof raw; i++) {
        id[2 * i] = "0123456789abcdef"[raw[i] >> 4];
        id[2 * i + 1] = "0123456789abcdef"[raw[i] & 15];
    }
    id[REPL_ID_CHARS] = '\0';
}

static void repl_state_set(char to[REPL_ID_CHARS + 1], const char *id)
{
    LK_ASSERT(strlen(id) == REPL_ID_CHARS);
    memcpy(to, id, REPL_ID_CHARS + 1);
}

static void drop_second(struct history *h)
{
    memset(h->id2, '0', REPL_ID_CHARS);
    h->id2[REPL_ID_CHARS] = '\0';
    h->second_offset = -1;
}

void history_begin(struct history *h)
{
    repl_state_new_id(h->id);
    drop_second(h);
}

void history_shift(struct history *h, const char *id, int64_t end)
{
    repl_state_set(h->id2, h->id);
    h->second_offset = end + 1;
    if (id)
        repl_state_set(h->id, id);
    else
        repl_state_new_id(h->id);
}

void history_adopt(struct history *h, const char *id)
{
    repl_state_set(h->id, id);
    drop_second(h);
}

void history_after(struct history *h, const char *id, int64_t end)
{
    history_adopt(h, id);
    history_shift(h, NULL, end);
}

bool history_is_id(struct bytes id)
{
    return id.size == REPL_ID_CHARS;
}

bool history_knows(const struct history *h, struct bytes id, int64_t wanted)
{
    if (!history_is_id(id))
        return false;
    if (bytes_is_word(id, h->id))
        return true;
    return h->second_offset >= 0 && bytes_is_word(id, h->id2) && wanted <= h->second_offset;
}
