/*
 * table_image.c — a table as a view sees it.
 *
 * Freezing gives the image copies of both directories, so that the table may put clones where pages
 * were.  The table keeps its own: a place that was found before the freeze stays good, and a walk
 * that meets the freeze on its way goes on in the live table.  The pages themselves are shared
 * until they are changed.
 */
#include "core/ds/table_priv.h"

static struct table_dir *dir_copy(const struct table_dir *d)
{
    if (!d)
        return NULL;
    struct table_dir *copy = mem_alloc(dir_size(d->pages));
    memcpy(copy, d, dir_size(d->pages));
    copy->due = (uint32_t *)&copy->page[copy->pages];
    return copy;
}

void table_freeze(struct table *t, uint32_t epoch, struct table_image *out)
{
    LK_ASSERT(t->epoch != epoch);
    out->live = dir_copy(t->live);
    out->old = dir_copy(t->old);
    out->moved = t->moved;
    out->count = t->count;
    t->epoch = epoch;
}

const struct entry *table_image_next(struct table_image_step *s)
{
    while (s->node) {
        if (s->left) {
            const unsigned slot = match_slot(s->left);
            s->left &= s->left - 1;
            return bucket_entry(&s->node->bucket[s->bucket], slot);
        }
        if (++s->bucket == s->node->buckets) {
            s->node = s->node->overflow;
            s->bucket = 0;
        }
        if (s->node)
            s->left = bucket_occupied(&s->node->bucket[s->bucket]);
    }
    return NULL;
}

const struct entry *table_image_first(struct table_image_step *s, const struct table_image *image,
                                      uint64_t cursor)
{
    *s = (struct table_image_step){.next = TABLE_POSITIONS};
    if (!image->live || cursor >= TABLE_POSITIONS)
        return NULL;
    const uint64_t mark = image->old ? dir_page_start(image->old, image->moved) : TABLE_POSITIONS;
    const struct table_dir *d = cursor < mark ? image->live : image->old;
    const uint32_t page = dir_bucket(d, (uint32_t)cursor) / TABLE_PAGE_BUCKETS;
    s->next = dir_page_start(d, page + 1);
    if (cursor < mark && mark < s->next)
        s->next = mark;
    s->node = d->page[page];
    if (s->node)
        s->left = bucket_occupied(&s->node->bucket[0]);
    return table_image_next(s);
}

static struct table_dir *dir_fork(struct table_dir *d, struct cow *cow)
{
    struct table_dir *copy = dir_copy(d);
    if (d)
        cow->defer(cow, d, dir_size(d->pages));
    return copy;
}

void table_fork(const struct table *from, struct table *to, struct cow *cow)
{
    LK_ASSERT(cow_shared(cow, from->epoch));
    *to = *from;
    to->live = dir_fork(from->live, cow);
    to->old = dir_fork(from->old, cow);
    to->epoch = cow->epoch;
}

void table_image_release(struct table_image *image, void (*retire)(void *p, size_t size))
{
    dir_free(image->live, retire);
    dir_free(image->old, retire);
    image->live = image->old = NULL;
}
