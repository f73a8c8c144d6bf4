#include "core/base/buf.h"
#include "core/base/mem.h"
#include "tests/support/seed.h"

#include <gtest/gtest.h>
#include <random>
#include <string>

namespace
{

std::string text(const buf &b)
{
    return std::string(b.data ? b.data : "", b.size);
}

TEST(Buf, StartsAndEndsWithNothing)
{
    const size_t before = mem_used();
    buf b{};
    buf_release(&b);
    buf_consume(&b, 0);
    buf_append(&b, nullptr, 0);
    EXPECT_EQ(b.data, nullptr);
    EXPECT_NE(buf_reserve(&b, 1), nullptr);
    EXPECT_EQ(b.size, 0u);
    buf_append_cstr(&b, "abc");
    EXPECT_EQ(text(b), "abc");
    buf_release(&b);
    EXPECT_EQ(b.data, nullptr);
    EXPECT_EQ(b.capacity, 0u);
    EXPECT_EQ(mem_used(), before);
}

TEST(Buf, PrintsIntoAnyRoom)
{
    // Each length of what stands before puts the room's end elsewhere.
    for (size_t n = 0; n < 200; n++) {
        buf b{};
        const std::string front(n, '.');
        buf_append_cstr(&b, front.c_str());
        buf_printf(&b, "%d-%s|", 42, "text of some length");
        buf_printf(&b, "%s", "");
        EXPECT_EQ(text(b), front + "42-text of some length|");
        EXPECT_LE(b.size, b.capacity);
        buf_release(&b);
    }
}

// Who knows how long it will be is not given the room that doubling would make.
TEST(Buf, GrowsNoFurtherThanItWillBe)
{
    for (const size_t most : {1u, 100u, 4096u, 300000u, 1000000u}) {
        buf b{};
        for (size_t n; b.size < most; buf_append(&b, std::string(n, 'x').data(), n)) {
            n = std::min<size_t>(most - b.size, 1000);
            buf_reserve_most(&b, n, most);
            // Nor is it moved once more for a last bit.
            EXPECT_TRUE(b.capacity < most - most / 8 + 1 || b.capacity >= most) << b.capacity;
        }
        EXPECT_EQ(b.size, most);
        EXPECT_LE(b.capacity, std::max<size_t>(mem_class(most), 1000 * 2)) << most;
        buf_release(&b);
    }
}

TEST(Buf, GrowsByDoubling)
{
    buf b{};
    size_t moves = 0;
    for (int i = 0; i < 1 << 20; i++) {
        const size_t before = b.capacity;
        buf_append_char(&b, 'x');
        moves += b.capacity != before;
    }
    EXPECT_LE(moves, 16u);
    EXPECT_LE(b.capacity, (size_t)4 << 20);
    buf_release(&b);
}

TEST(Buf, AgainstAString)
{
    const uint64_t seed = test_seed();
    std::mt19937 random(seed);
    buf b{};
    std::string model;
    for (int i = 0; i < 20000; i++) {
        const size_t n = random() % 100;
        const std::string piece(n, (char)random());
        switch (random() % 4) {
        case 0:
            buf_append_bytes(&b, bytes_of(piece.data(), n));
            model += piece;
            break;
        case 1: {
            char *at = buf_reserve(&b, n + 1);
            memset(at, 'r', n);
            b.size += n;
            model.append(n, 'r');
            break;
        }
        case 2:
            buf_append_char(&b, (char)n);
            model += (char)n;
            break;
        default: {
            const size_t drop = random() % (model.size() + 1);
            buf_consume(&b, drop);
            model.erase(0, drop);
            break;
        }
        }
        ASSERT_TRUE(bytes_equal(buf_bytes(&b), bytes_of(model.data(), model.size())));
    }
    buf_release(&b);
}

} // namespace
