#include "core/cmd/script/library.h"

#include "core/base/atomic.h"
#include "core/base/hash.h"
#include "core/cmd/script/script_hub.h"

#include <strings.h>

bool library_is_name(struct bytes name)
{
    for (size_t i = 0; i < name.size; i++) {
        const char c = name.data[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '_'))
            return false;
    }
    return name.size > 0;
}

/* --- one library ----------------------------------------------------------------------------- */

static char *library_copy(struct bytes b)
{
    char *s = mem_alloc(b.size + 1);
    if (b.size > 0)
        memcpy(s, b.data, b.size);
    s[b.size] = '\0';
    return s;
}

struct library *library_new(struct bytes name, struct bytes source, size_t body_at)
{
    LK_ASSERT(body_at <= source.size);
    struct library *l = mem_new(struct library);
    l->refs = 1;
    l->name = library_copy(name);
    l->source = library_copy(source);
    l->size = source.size;
    l->body_at = body_at;
    l->node.name = bytes_of(l->name, name.size);
    l->node.hash = hash_bytes(l->node.name);
    return l;
}

void library_drop(struct library *l)
{
    if (sub_fetch_acq_rel(&l->refs, 1) != 0)
        return;
    for (uint32_t i = 0; i < l->count; i++) {
        mem_free(l->functions[i].name, l->functions[i].node.name.size + 1);
        mem_strfree(l->functions[i].description);
    }
    mem_free(l->functions, l->capacity * sizeof *l->functions);
    mem_free(l->name, l->node.name.size + 1);
    mem_free(l->source, l->size + 1);
    mem_delete(l);
}

bool library_add_function(struct library *l, struct bytes name, uint32_t flags,
                          struct bytes description)
{
    LK_ASSERT(library_is_name(name));
    for (uint32_t i = 0; i < l->count; i++)
        if (bytes_equal(l->functions[i].node.name, name))
            return false;
    if (l->count == l->capacity) {
        const uint32_t more = l->capacity ? 2 * l->capacity : 4;
        l->functions = mem_realloc(l->functions, l->capacity * sizeof *l->functions,
                                   more * sizeof *l->functions);
        l->capacity = more;
    }
    struct library_function *f = &l->functions[l->count++];
    *f = (struct library_function){.library = l, .name = library_copy(name), .flags = flags};
    f->node.name = bytes_of(f->name, name.size);
    f->node.hash = hash_bytes(f->node.name);
    if (description.data) {
        char *text = library_copy(description);
        f->description = mem_strdup(text);
        mem_free(text, description.size + 1);
    }
    return true;
}

/* --- all of them ----------------------------------------------------------------------------- */

/* Names of functions are the same in capitals; hardly anybody calls them so. */
static LK_COLD const struct library_function *library_find_folded(const struct script_hub *h,
                                                                  struct bytes name)
{
    struct name_cursor c;
    for (struct name_node *n = name_map_first(&h->functions, &c); n; n = name_map_next(&c))
        if (n->name.size == name.size && strncasecmp(n->name.data, name.data, name.size) == 0)
            return (const struct library_function *)n;
    return NULL;
}

const struct library_function *library_find_function(const struct script_hub *h, struct bytes name)
{
    struct name_node *n = name_map_find(&h->functions, name, hash_bytes(name));
    return LK_LIKELY(n) ? (const struct library_function *)n : library_find_folded(h, name);
}

struct library *library_find(const struct script_hub *h, struct bytes name)
{
    return (struct library *)name_map_find(&h->libraries, name, hash_bytes(name));
}

static void library_remove(struct script_hub *h, struct library *l)
{
    for (uint32_t i = 0; i < l->count; i++)
        name_map_remove(&h->functions, &l->functions[i].node);
    name_map_remove(&h->libraries, &l->node);
    h->library_bytes -= l->size;
    store_release(&l->gone, 1);
    library_drop(l);
}

static int library_check(const struct script_hub *h, const struct library *l,
                         const struct library *old, struct buf *error)
{
    for (uint32_t i = 0; i < l->count; i++) {
        const struct library_function *f = library_find_function(h, l->functions[i].node.name);
        if (f && f->library != old) {
            buf_printf(error, "ERR Function %s already exists", f->name);
            return LK_EBUSY;
        }
    }
    return LK_OK;
}

int library_publish(struct script_hub *h, struct library *l, bool replace, struct buf *error)
{
    struct library *old = library_find(h, l->node.name);
    if (old && !replace) {
        buf_printf(error, "ERR Library %s already exists", l->name);
        return LK_EBUSY;
    }
    const int rc = library_check(h, l, old, error);
    if (rc != LK_OK)
        return rc;
    pthread_mutex_lock(&h->lock);
    if (old)
        library_remove(h, old);
    fetch_add_relaxed(&l->refs, 1);
    name_map_add(&h->libraries, &l->node);
    for (uint32_t i = 0; i < l->count; i++)
        name_map_add(&h->functions, &l->functions[i].node);
    h->library_bytes += l->size;
    pthread_mutex_unlock(&h->lock);
    return LK_OK;
}

bool library_delete(struct script_hub *h, struct bytes name)
{
    struct library *l = library_find(h, name);
    if (!l)
        return false;
    pthread_mutex_lock(&h->lock);
    library_remove(h, l);
    pthread_mutex_unlock(&h->lock);
    return true;
}

void library_flush(struct script_hub *h)
{
    struct name_cursor c;
    pthread_mutex_lock(&h->lock);
    for (struct name_node *n = name_map_first(&h->libraries, &c); n; n = name_map_next(&c))
        library_remove(h, (struct library *)n);
    LK_ASSERT(h->functions.count == 0 && h->library_bytes == 0);
    name_map_trim(&h->libraries);
    name_map_trim(&h->functions);
    pthread_mutex_unlock(&h->lock);
}

void library_each(const struct script_hub *h, void (*visit)(void *ctx, const struct library *l),
                  void *ctx)
{
    struct name_cursor c;
    for (struct name_node *n = name_map_first(&h->libraries, &c); n; n = name_map_next(&c))
        visit(ctx, (const struct library *)n);
}
