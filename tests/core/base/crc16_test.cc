/*
 * crc16_test.cc — the check value of CRC-16/XMODEM, and slots of keys with and without tags.
 */
#include "core/base/crc16.h"
#include "core/base/hash_slot.h"

#include <gtest/gtest.h>

namespace
{

TEST(Crc16, CheckValue)
{
    EXPECT_EQ(crc16_xmodem(bytes_cstr("123456789")), 0x31c3);
    EXPECT_EQ(crc16_xmodem(bytes_cstr("")), 0);
}

TEST(HashSlot, TagsDecideWhereThereIsTextInThem)
{
    const struct {
        const char *key;
        uint32_t slot;
    } rows[] = {
        {"foo", 12182},          {"bar", 5061},          {"{foo}bar", 12182},
        {"x{foo}y{bar}", 12182}, {"a{}foo", 0xffffffff}, {"{foo", 0xffffffff},
        {"foo}{", 0xffffffff},
    };
    for (const auto &row : rows) {
        const uint32_t whole = crc16_xmodem(bytes_cstr(row.key)) & (HASH_SLOTS - 1);
        EXPECT_EQ(hash_slot(bytes_cstr(row.key)), row.slot == 0xffffffff ? whole : row.slot)
            << row.key;
    }
    EXPECT_EQ(hash_slot(bytes_cstr("foo{{bar}}zap")), hash_slot(bytes_cstr("{{bar}")));
}

} // namespace
