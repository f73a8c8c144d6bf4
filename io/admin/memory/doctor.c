/*
 * doctor.c — a few thresholds, each with what to do about it.
 *
 * Small servers are told nothing: a few megabytes of the process itself make every ratio look bad.
 */
#include "io/admin/memory/doctor.h"

enum { SMALL_BYTES = 5 * 1024 * 1024, GAP_BYTES = 10 * 1024 * 1024 };

static bool peak_was_high(const struct memory_report *m)
{
    return m->peak > m->used + m->used / 2;
}

static bool doctor_fragmented(const struct memory_report *m)
{
    return m->fragmentation_ratio > 1.4 && m->fragmentation > GAP_BYTES;
}

static bool allocator_fragmented(const struct memory_report *m)
{
    return m->allocator_frag_ratio > 1.1 && m->allocator_frag > GAP_BYTES;
}

static bool allocator_keeps(const struct memory_report *m)
{
    return m->allocator_rss_ratio > 1.1 && m->allocator_rss > GAP_BYTES;
}

static bool clients_are_big(const struct memory_report *m)
{
    return m->clients > (uint64_t)GAP_BYTES && m->clients > m->used / 4;
}

static bool view_is_big(const struct memory_report *m)
{
    return m->view > (uint64_t)GAP_BYTES && m->view > m->used / 4;
}

static const struct {
    bool (*holds)(const struct memory_report *m);
    const char *says;
} findings[] = {
    {peak_was_high, "Peak: the server once used more than 1.5 times what it uses now. The system "
                    "may still count that memory as the server's; MEMORY PURGE gives back what is "
                    "not in use."},
    {doctor_fragmented,
     "Resident size: the process holds more than 1.4 times what the data takes. If "
     "there was no high peak before, look at the two figures of the allocator in "
     "MEMORY STATS."},
    {allocator_fragmented, "Fragmentation: pages are only partly in use, as when many values of "
                           "one size were replaced by others of another size."},
    {allocator_keeps, "Unused pages: the allocator keeps pages that hold nothing. They will be "
                      "used again or given back in time; MEMORY PURGE gives them back now."},
    {clients_are_big, "Clients: buffers of connections take more than a quarter of the memory. "
                      "Look for readers that are too slow with CLIENT LIST, and see "
                      "client-output-buffer-limit."},
    {view_is_big, "Snapshot: more than a quarter of the memory is held only for the snapshot that "
                  "is being taken; it is free again when the snapshot ends."},
};

void doctor_write(const struct memory_report *m, struct buf *out)
{
    if (m->used < SMALL_BYTES) {
        buf_append_cstr(out, "There is too little data in this server to say anything about its "
                             "memory.");
        return;
    }
    for (size_t i = 0; i < sizeof findings / sizeof *findings; i++) {
        if (!findings[i].holds(m))
            continue;
        if (out->size == 0)
            buf_append_cstr(out, "This is what stands out:\n");
        buf_printf(out, "\n * %s\n", findings[i].says);
    }
    if (out->size == 0)
        buf_append_cstr(out, "Nothing stands out: the memory of this server looks healthy.");
}
