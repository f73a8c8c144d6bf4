/*
 * bus_requests.c — what others ask of the bus: changes by its clients, and messages for other
 * nodes.
 */
#include "core/base/mem.h"
#include "io/cluster/bus_priv.h"
#include "io/cluster/cmd_cluster_priv.h"

#include <unistd.h>

void bus_wake(struct cluster_bus *b)
{
    const uint64_t one = 1;
    (void)!write(b->wake, &one, sizeof one);
}

const char *bus_error(struct cluster_bus *b, const char *format, ...)
{
    va_list args;
    b->error.size = 0;
    va_start(args, format);
    buf_vprintf(&b->error, format, args);
    va_end(args);
    buf_append_char(&b->error, '\0');
    return b->error.data;
}

void bus_say(struct cluster_bus *b, const char *format, ...)
{
    va_list args;
    b->say.size = 0;
    buf_append_char(&b->say, '+');
    va_start(args, format);
    buf_vprintf(&b->say, format, args);
    va_end(args);
    buf_append_cstr(&b->say, "\r\n");
}

static struct bus_request *bus_new_request(struct cluster_bus *b, bus_change *change,
                                           const struct args *a, uint32_t worker,
                                           uint64_t session_id)
{
    size_t bytes = a->n * sizeof(struct bytes);
    for (uint32_t i = 0; i < a->n; i++)
        bytes += a->v[i].size;
    struct bytes *words = mem_alloc(bytes);
    char *to = (char *)(words + a->n);
    for (uint32_t i = 0; i < a->n; i++) {
        words[i] = bytes_of(to, a->v[i].size);
        if (a->v[i].size > 0)
            memcpy(to, a->v[i].data, a->v[i].size);
        to += a->v[i].size;
    }
    struct bus_request *r = mem_new(struct bus_request);
    *r = (struct bus_request){.change = change,
                              .args = {words, a->n},
                              .bytes = bytes,
                              .worker = worker,
                              .session_id = session_id,
                              .bus = b};
    return r;
}

/* In requests_lock. */
static void bus_queue_request(struct cluster_bus *b, struct bus_request *r)
{
    r->next = NULL;
    *b->requests_end = r;
    b->requests_end = &r->next;
}

void bus_request(struct cluster_bus *b, bus_change *change, const struct args *a, uint32_t worker,
                 uint64_t session_id)
{
    struct bus_request *r = bus_new_request(b, change, a, worker, session_id);
    pthread_mutex_lock(&b->requests_lock);
    bus_queue_request(b, r);
    pthread_mutex_unlock(&b->requests_lock);
    bus_wake(b);
}

void bus_hand_over(struct cluster_bus *b, const struct buf *reply, uint32_t worker,
                   uint64_t session_id)
{
    struct bus_request *r = mem_new(struct bus_request);
    *r = (struct bus_request){.worker = worker, .session_id = session_id, .bus = b, .made = true};
    buf_append_bytes(&r->reply, buf_bytes(reply));
    pthread_mutex_lock(&b->requests_lock);
    bus_queue_request(b, r);
    pthread_mutex_unlock(&b->requests_lock);
    bus_wake(b);
}

bool bus_has_requests(struct cluster_bus *b)
{
    pthread_mutex_lock(&b->requests_lock);
    const bool any = b->requests != NULL;
    pthread_mutex_unlock(&b->requests_lock);
    return any;
}

void *bus_request_later(struct cluster_bus *b, bus_change *change, const struct args *a,
                        uint32_t worker, uint64_t session_id)
{
    struct bus_request *r = bus_new_request(b, change, a, worker, session_id);
    r->held = true;
    pthread_mutex_lock(&b->requests_lock);
    r->next = b->held;
    b->held = r;
    pthread_mutex_unlock(&b->requests_lock);
    return r;
}

void bus_go_on(void *request, bool well)
{
    struct bus_request *r = request;
    struct cluster_bus *b = r->bus;
    pthread_mutex_lock(&b->requests_lock);
    struct bus_request **at = &b->held;
    while (*at != r)
        at = &(*at)->next;
    *at = r->next;
    r->refused = !well;
    bus_queue_request(b, r);
    pthread_mutex_unlock(&b->requests_lock);
    bus_wake(b);
}

bool bus_claim_slot(struct cluster_bus *b, uint32_t slot)
{
    if (slot_bit(b->moving, slot))
        return false;
    b->moving[slot / 8] |= (uint8_t)(1u << slot % 8);
    return true;
}

void bus_publish(struct cluster_bus *b, bool shard, struct bytes channel, struct bytes message)
{
    const size_t sizes[3] = {shard, channel.size, message.size};
    pthread_mutex_lock(&b->requests_lock);
    const bool first = b->published.size == 0;
    buf_append(&b->published, sizes, sizeof sizes);
    buf_append_bytes(&b->published, channel);
    buf_append_bytes(&b->published, message);
    pthread_mutex_unlock(&b->requests_lock);
    if (first)
        bus_wake(b);
}

static void bus_send_published(struct cluster_bus *b, const struct buf *published)
{
    size_t sizes[3];
    for (size_t at = 0; at < published->size;) {
        memcpy(sizes, published->data + at, sizeof sizes);
        at += sizeof sizes;
        const char *channel = published->data + at;
        cluster_publish(b->cluster, sizes[0] != 0, bytes_of(channel, sizes[1]),
                        bytes_of(channel + sizes[1], sizes[2]));
        at += sizes[1] + sizes[2];
    }
}

void bus_make_change(struct cluster_bus *b, bus_change *change, const struct args *a,
                     struct buf *reply)
{
    b->say.size = 0;
    const char *error = change(b, b->cluster, a);
    if (error)
        buf_printf(reply, "-%s\r\n", error);
    else if (b->say.size > 0)
        buf_append_bytes(reply, buf_bytes(&b->say));
    else
        buf_append_cstr(reply, "+OK\r\n");
}

/* Under the lock. */
static void bus_make_request(struct cluster_bus *b, struct bus_request *r)
{
    uint32_t slot;
    if (r->made)
        return;
    if (r->refused)
        buf_append_cstr(&r->reply, "-NOREPLICAS Not enough good replicas to write.\r\n");
    else
        bus_make_change(b, r->change, &r->args, &r->reply);
    if (r->held && cluster_slot_of(r->args.v[2], &slot))
        b->moving[slot / 8] &= (uint8_t) ~(1u << slot % 8);
}

void bus_request_now(struct cluster_bus *b, bus_change *change, const struct args *a,
                     struct buf *reply)
{
    pthread_mutex_lock(&b->lock);
    bus_make_change(b, change, a, reply);
    pthread_mutex_unlock(&b->lock);
    bus_wake(b);
}

void bus_take_requests(struct cluster_bus *b)
{
    pthread_mutex_lock(&b->requests_lock);
    struct bus_request *r = b->requests;
    b->requests = NULL;
    b->requests_end = &b->requests;
    struct buf published = b->published;
    b->published = (struct buf){0};
    pthread_mutex_unlock(&b->requests_lock);
    bus_send_published(b, &published);
    buf_release(&published);
    for (; r; r = r->next) {
        bus_make_request(b, r);
        *b->done_end = r;
        b->done_end = &r->next;
    }
    *b->done_end = NULL;
}

static void bus_free_request(struct bus_request *r)
{
    buf_release(&r->reply);
    mem_free((void *)(uintptr_t)r->args.v, r->bytes);
    mem_delete(r);
}

void bus_answer_requests(struct cluster_bus *b)
{
    for (struct bus_request *r = b->done, *next; r; r = next) {
        next = r->next;
        b->parts.answer(b->parts.ctx, r->worker, r->session_id, buf_bytes(&r->reply));
        bus_free_request(r);
    }
    b->done = NULL;
    b->done_end = &b->done;
}

static void bus_drop_list(struct bus_request **first)
{
    for (struct bus_request *r = *first, *next; r; r = next) {
        next = r->next;
        bus_free_request(r);
    }
    *first = NULL;
}

/* Who asked while the server ended has gone. */
void bus_drop_requests(struct cluster_bus *b)
{
    bus_drop_list(&b->requests);
    bus_drop_list(&b->held);
}
