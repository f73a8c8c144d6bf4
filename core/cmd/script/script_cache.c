/*
 * script_cache.c — the sources that the server knows, by their SHA-1.
 *
 * What came by SCRIPT LOAD stays until SCRIPT FLUSH.  What came by EVAL alone stays among the 500
 * that were used last: clients that make a text of its own for each call would fill the memory.
 */
#include "core/base/atomic.h"
#include "core/base/hash.h"
#include "core/cmd/script/script_hub.h"

void script_sha(struct bytes source, char out[SCRIPT_NAME + 1])
{
    static const char digits[] = "0123456789abcdef";
    struct sha1 sha;
    uint8_t sum[SHA1_BYTES];
    sha1_begin(&sha);
    sha1_add(&sha, source);
    sha1_end(&sha, sum);
    for (int i = 0; i < SHA1_BYTES; i++) {
        out[2 * i] = digits[sum[i] >> 4];
        out[2 * i + 1] = digits[sum[i] & 15];
    }
    out[SCRIPT_NAME] = '\0';
}

struct script_hub *script_hub_new(void)
{
    struct script_hub *h = mem_new(struct script_hub);
    pthread_mutex_init(&h->lock, NULL);
    return h;
}

void script_hub_keep_deprecated(struct script_hub *h)
{
    LK_ASSERT(!h->vms);
    h->deprecated = true;
}

void script_drop(struct script *s)
{
    if (sub_fetch_acq_rel(&s->refs, 1) == 0)
        mem_free(s, sizeof *s + s->size);
}

/* --- under the hub's lock -------------------------------------------------------------------- */

static struct script *hub_look_up(struct script_hub *h, const char *sha)
{
    const struct bytes name = bytes_of(sha, SCRIPT_NAME);
    return (struct script *)name_map_find(&h->scripts, name, hash_bytes(name));
}

/* Into the row of those by EVAL: nearly always as the newest. */
static void hub_list(struct script_hub *h, struct script *s)
{
    struct script *before = h->newest;
    s->listed = load_relaxed(&s->used);
    while (before && before->listed > s->listed)
        before = before->older;
    s->older = before;
    s->newer = before ? before->newer : h->oldest;
    *(before ? &before->newer : &h->oldest) = s;
    *(s->newer ? &s->newer->older : &h->newest) = s;
}

static void hub_unlist(struct script_hub *h, struct script *s)
{
    *(s->older ? &s->older->newer : &h->oldest) = s->newer;
    *(s->newer ? &s->newer->older : &h->newest) = s->older;
    s->older = s->newer = NULL;
}

/* It may go for others, or no longer. */
static void hub_set_by_eval(struct script_hub *h, struct script *s, bool by_eval)
{
    if (s->by_eval == by_eval)
        return;
    store_relaxed(&s->by_eval, by_eval);
    store_relaxed(&h->by_eval, by_eval ? h->by_eval + 1 : h->by_eval - 1);
    if (by_eval)
        hub_list(h, s);
    else
        hub_unlist(h, s);
}

static void hub_forget(struct script_hub *h, struct script *s)
{
    name_map_remove(&h->scripts, &s->node);
    h->bytes -= s->size;
    hub_set_by_eval(h, s, false);
    store_release(&s->gone, 1);
    script_drop(s);
}

/* Whoever ran since it got its place gets a new one: nobody else can be older than the first. */
static void hub_evict(struct script_hub *h)
{
    struct script *s = h->oldest;
    for (; s->listed != load_relaxed(&s->used); s = h->oldest) {
        hub_unlist(h, s);
        hub_list(h, s);
    }
    hub_forget(h, s);
    h->evicted++;
}

/* --- any thread ------------------------------------------------------------------------------ */

struct script *script_hub_find(struct script_hub *h, struct bytes name)
{
    char lower[SCRIPT_NAME];
    if (name.size != SCRIPT_NAME)
        return NULL;
    for (int i = 0; i < SCRIPT_NAME; i++)
        lower[i] =
            name.data[i] >= 'A' && name.data[i] <= 'Z' ? (char)(name.data[i] | 32) : name.data[i];
    pthread_mutex_lock(&h->lock);
    struct script *s = hub_look_up(h, lower);
    if (s)
        script_keep(s);
    pthread_mutex_unlock(&h->lock);
    return s;
}

struct script *script_hub_add(struct script_hub *h, struct bytes source, uint32_t flags,
                              size_t body_at, bool keep)
{
    LK_ASSERT(body_at <= source.size);
    struct script *made = mem_calloc(sizeof *made + source.size);
    script_sha(source, made->sha);
    made->refs = 1;
    made->flags = flags;
    made->size = source.size;
    made->body_at = body_at;
    if (source.size > 0)
        memcpy(made->source, source.data, source.size);
    made->node.name = bytes_of(made->sha, SCRIPT_NAME);
    made->node.hash = hash_bytes(made->node.name);

    pthread_mutex_lock(&h->lock);
    struct script *s = hub_look_up(h, made->sha);
    if (!s) {
        if (!keep && h->by_eval >= SCRIPT_EVAL_MAX)
            hub_evict(h);
        s = script_keep(made);
        name_map_add(&h->scripts, &s->node);
        h->bytes += s->size;
        s->used = add_fetch_relaxed(&h->uses, 1);
        hub_set_by_eval(h, s, !keep);
    } else if (keep) {
        hub_set_by_eval(h, s, false);
    }
    script_keep(s);
    pthread_mutex_unlock(&h->lock);
    script_drop(made);
    return s;
}

/* Below half of what may be kept, the order of the last few is of no use to anybody. */
void script_hub_use(struct script_hub *h, struct script *s)
{
    enum { FEW = 64 };
    const uint64_t uses = load_relaxed(&h->uses);
    const int64_t ago = (int64_t)(uses - load_relaxed(&s->used));
    if (LK_LIKELY(ago == 0) || !load_relaxed(&s->by_eval))
        return;
    if (ago > FEW || load_relaxed(&h->by_eval) > SCRIPT_EVAL_MAX / 2)
        store_relaxed(&s->used, add_fetch_relaxed(&h->uses, 1));
}

void script_hub_flush(struct script_hub *h)
{
    struct name_cursor c;
    pthread_mutex_lock(&h->lock);
    for (struct name_node *n = name_map_first(&h->scripts, &c); n; n = name_map_next(&c))
        hub_forget(h, (struct script *)n);
    name_map_trim(&h->scripts);
    LK_ASSERT(h->bytes == 0 && h->by_eval == 0);
    pthread_mutex_unlock(&h->lock);
}

void script_hub_join(struct script_hub *h, struct vm *vm)
{
    pthread_mutex_lock(&h->lock);
    vm->next = h->vms;
    h->vms = vm;
    pthread_mutex_unlock(&h->lock);
}

void script_hub_part(struct script_hub *h, struct vm *vm)
{
    pthread_mutex_lock(&h->lock);
    struct vm **at = &h->vms;
    while (*at != vm)
        at = &(*at)->next;
    *at = vm->next;
    pthread_mutex_unlock(&h->lock);
}

void script_hub_reset_stats(struct script_hub *h)
{
    pthread_mutex_lock(&h->lock);
    h->evicted = 0;
    pthread_mutex_unlock(&h->lock);
}

void script_hub_report(struct script_hub *h, struct script_report *out)
{
    *out = (struct script_report){0};
    pthread_mutex_lock(&h->lock);
    out->scripts = h->scripts.count;
    out->evicted = h->evicted;
    out->cache_bytes = h->bytes + h->scripts.count * sizeof(struct script);
    out->libraries = h->libraries.count;
    out->functions = h->functions.count;
    out->library_bytes = h->library_bytes;
    for (const struct vm *vm = h->vms; vm; vm = vm->next) {
        out->vms++;
        const uint64_t bytes = load_relaxed(&vm->bytes);
        *(vm == h->of_all ? &out->vm_all_bytes : &out->vm_bytes) += bytes;
    }
    pthread_mutex_unlock(&h->lock);
}
