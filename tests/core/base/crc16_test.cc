/*
 * crc16_test.cc — the check value of CRC-16/XMODEM, and slots of keys with and without tags.
 */
#include "core/base/crc16.h"
#include "core/base/hash_slot.h"
#include "tests/support/seed.h"

#include <gtest/gtest.h>
#include <memory>
#include <random>
#include <string>

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

/* The short way, if this CPU has it, says what the table says: every length, and every place of a
 * tag. */
TEST(HashSlot, BothWaysAgree)
{
    std::mt19937_64 rng(test_seed());
    for (size_t size = 0; size < 200; size++)
        for (int turn = 0; turn < 40; turn++) {
            std::string key(size, '\0');
            for (char &c : key)
                c = (char)rng();
            for (int braces = turn % 4; braces > 0 && size > 0; braces--)
                key[rng() % size] = "{}"[rng() % 2];
            /* Of its own size, so that a sanitizer sees who reads beyond. */
            const std::unique_ptr<char[]> copy(new char[size]);
            memcpy(copy.get(), key.data(), size);
            const struct bytes b = bytes_of(copy.get(), size);
            ASSERT_EQ(hash_slot(b), crc16_xmodem(hash_slot_tag(b)) & (HASH_SLOTS - 1)) << size;
        }
}

} // namespace
