#include "persist/rdb/rdb_dump.h"

#include "core/base/crc64.h"
#include "core/ds/le.h"
#include "persist/rdb/rdb_type.h"

enum { VERSION_USUAL = 10, WRITE_BUFFER_BYTES = 4096 };

static int dump_append(void *ctx, const void *data, size_t size)
{
    buf_append(ctx, data, size);
    return LK_OK;
}

void rdb_dump_value(const struct value *v, bool compress, struct buf *to)
{
    const struct rdb_sink sink = {.write = dump_append, .ctx = to};
    struct rdb_out o;
    unsigned char footer[RDB_DUMP_FOOTER];

    LK_ASSERT(to->size == 0);
    rdb_out_init(&o, &sink, WRITE_BUFFER_BYTES);
    o.checksum = false;
    o.compress = compress;
    o.version = VERSION_USUAL;
    rdb_out_value_code(&o, v);
    rdb_out_value(&o, v);
    LK_ASSERT(rdb_out_flush(&o) == LK_OK);
    le16_put(footer, (uint16_t)o.version);
    rdb_out_release(&o);
    buf_append(to, footer, 2);
    le64_put(footer + 2, crc64(0, to->data, to->size));
    buf_append(to, footer + 2, 8);
}
