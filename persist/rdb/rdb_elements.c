#include "persist/rdb/rdb_elements.h"

#include "persist/rdb/rdb_ziplist.h"
#include "persist/rdb/rdb_zipmap.h"

int rdb_in_element(struct rdb_in *in, struct bytes *out)
{
    in->element.size = 0;
    return rdb_in_string(in, &in->element, out);
}

int rdb_in_pair(struct rdb_in *in, struct bytes out[2])
{
    int rc = rdb_in_element(in, &out[0]);
    if (rc != LK_OK)
        return rc;
    if (in->element.size == 0) /* it lies in the window, which moves on */
        buf_append_bytes(&in->element, out[0]);
    const size_t size = out[0].size;
    rc = rdb_in_string(in, &in->element, &out[1]);
    out[0] = size > 0 ? bytes_of(in->element.data, size) : bytes_of("", 0);
    return rc;
}

int rdb_in_listpack(struct rdb_in *in, const char *of, struct bytes *out, size_t *count)
{
    const int rc = rdb_in_element(in, out);
    if (rc != LK_OK)
        return rc;
    const unsigned char *lp = (const unsigned char *)out->data;
    if (!listpack_validate(lp, out->size))
        return rdb_in_fail(in, "%s listpack integrity check failed: %zu bytes are no listpack", of,
                           out->size);
    *count = listpack_count(lp);
    return LK_OK;
}

int rdb_in_ziplist(struct rdb_in *in, const char *of, struct bytes *out, size_t *count)
{
    const int rc = rdb_in_element(in, out);
    if (rc != LK_OK)
        return rc;
    if (!rdb_ziplist_validate(*out, count))
        return rdb_in_fail(in, "%s ziplist integrity check failed: %zu bytes are no ziplist", of,
                           out->size);
    return LK_OK;
}

int rdb_in_zipmap(struct rdb_in *in, struct bytes *out, size_t *count)
{
    const int rc = rdb_in_element(in, out);
    if (rc != LK_OK)
        return rc;
    if (!rdb_zipmap_validate(*out, count))
        return rdb_in_fail(in, "Zipmap integrity check failed: %zu bytes are no zipmap", out->size);
    return LK_OK;
}

int rdb_in_made(struct rdb_in *in, int rc, const char *fault)
{
    if (rc == LK_OK || in->status != LK_OK)
        return rc;
    if (rc == LK_ENOMEM)
        return rdb_in_fail_with(in, rc, "there is no memory for the value");
    return rdb_in_fail(in, "%s", fault);
}
