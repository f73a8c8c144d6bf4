// A payload reads back as the value that was written, whatever lies before it.
#include "core/types/str.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace
{

value round_trip(const value &v, size_t misalignment)
{
    std::vector<char> block(misalignment + value_payload_size(&v));
    value_payload_write(&v, block.data() + misalignment);
    value out;
    value_payload_read(value_kind(&v), block.data() + misalignment, value_payload_size(&v), &out);
    EXPECT_EQ(out.type, v.type);
    EXPECT_EQ(out.encoding, v.encoding);
    if (v.encoding == ENC_INT)
        EXPECT_EQ(out.as.integer, v.as.integer);
    else if (value_has_root(v.encoding))
        EXPECT_EQ(out.as.root, v.as.root);
    else
        EXPECT_TRUE(bytes_equal(out.as.bytes, v.as.bytes));
    return out;
}

TEST(Value, PayloadsReadBackAtAnyAlignment)
{
    for (size_t at = 0; at < 9; at++) {
        value v;
        for (const int64_t n : {INT64_MIN, int64_t{-1}, int64_t{0}, INT64_MAX}) {
            str_from_int64(n, &v);
            round_trip(v, at);
        }
        for (const char *s : {"", "x", "hello, world"}) {
            str_from_bytes(bytes_cstr(s), &v);
            round_trip(v, at);
        }
        v.type = TYPE_HASH;
        v.encoding = ENC_TABLE;
        v.as.root = &v;
        round_trip(v, at);
        EXPECT_EQ(value_payload_size(&v), sizeof(void *));
    }
}

TEST(Value, OnlyNodesMakeARoot)
{
    for (const int encoding : {ENC_CHUNKS, ENC_TABLE, ENC_TREE, ENC_TREE_TABLE})
        EXPECT_TRUE(value_has_root(static_cast<uint8_t>(encoding)));
    for (const int encoding :
         {ENC_INT, ENC_EMBSTR, ENC_RAW, ENC_LISTPACK, ENC_INTSET, ENC_LISTPACK_EX})
        EXPECT_FALSE(value_has_root(static_cast<uint8_t>(encoding)));
}

TEST(Value, StringsHaveARow)
{
    EXPECT_STREQ(type_ops_get(TYPE_STRING)->name, "string");
}

TEST(Value, ReleaseLeavesNothing)
{
    value v;
    const std::string large(STR_INLINE_MAX + 1, 'x');
    str_from_bytes(bytes_of(large.data(), large.size()), &v);
    value_release(&v);
    EXPECT_FALSE(value_exists(&v));
    value_release(&v); // of nothing is nothing
}

} // namespace
