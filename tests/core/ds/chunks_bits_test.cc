// Ones and zeros of a chunked string, against a std::string of the same bytes.
#include "core/ds/chunks_bits.h"
#include "tests/support/seed.h"

#include "core/ds/bits.h"
#include "tests/core/ds/view_model.h"

#include <string>

namespace
{

bytes of(const std::string &s)
{
    return bytes_of(s.data(), s.size());
}

constexpr uint64_t kChunkBits = uint64_t{CHUNK_BYTES} * 8;

// Stops at every place where it may; counts how often it was asked.
struct Stops {
    size_t asked = 0;
    const bits_pause pause{[](void *ctx) {
                               static_cast<Stops *>(ctx)->asked++;
                               return true;
                           },
                           this};
};

const bits_pause kNever{nullptr, nullptr};

uint64_t count(const chunks *root, uint64_t first, uint64_t end)
{
    uint64_t ones = 0;
    EXPECT_TRUE(chunks_bits_count(root, first, end, &kNever, &ones));
    return ones;
}

uint64_t find(const chunks *root, bool bit, uint64_t first, uint64_t end)
{
    uint64_t at = 0;
    EXPECT_TRUE(chunks_bits_find(root, bit, first, end, &kNever, &at));
    return at;
}

class ChunksBits : public ::testing::Test
{
  protected:
    void make(const std::string &s)
    {
        root = chunks_from_bytes(nullptr, of(s));
    }
    void TearDown() override
    {
        chunks_free(root, nullptr);
    }
    chunks *root = nullptr;
};

TEST_F(ChunksBits, LooksAtAChunkOnce)
{
    make(std::string(5 * CHUNK_BYTES, '\x0f'));
    const uint64_t end = 5 * kChunkBits;
    Stops stops;
    uint64_t ones = 0;
    size_t calls = 1;
    while (!chunks_bits_count(root, 0, end, &stops.pause, &ones))
        calls++;
    EXPECT_EQ(ones, end / 2);
    EXPECT_EQ(calls, 5u) << "each call but the last ends behind a chunk";
    EXPECT_EQ(stops.asked, 4u);

    // A short write keeps count, a long one has its chunk read anew.
    chunks_write(&root, nullptr, 7, of("\xff\xff\xff"));
    ASSERT_TRUE(chunks_bits_count(root, 0, end, &stops.pause, &ones));
    EXPECT_EQ(ones, end / 2 + 12);
    chunks_write(&root, nullptr, CHUNK_BYTES, of(std::string(100, '\xff')));
    ASSERT_FALSE(chunks_bits_count(root, 0, end, &stops.pause, &ones));
    ASSERT_TRUE(chunks_bits_count(root, 0, end, &stops.pause, &ones));
    EXPECT_EQ(ones, end / 2 + 12 + 400);
}

TEST_F(ChunksBits, HolesAreKnown)
{
    make("");
    const size_t far = size_t{512} << 20;
    chunks_write(&root, nullptr, far - 1, bytes_cstr("\x01"));
    Stops stops;
    uint64_t got = 0;
    ASSERT_TRUE(chunks_bits_count(root, 0, far * 8, &stops.pause, &got));
    EXPECT_EQ(got, 1u);
    ASSERT_TRUE(chunks_bits_find(root, true, 0, far * 8, &stops.pause, &got));
    EXPECT_EQ(got, far * 8 - 1);
    ASSERT_TRUE(chunks_bits_find(root, false, 100, far * 8, &stops.pause, &got));
    EXPECT_EQ(got, 100u);
    EXPECT_EQ(stops.asked, 0u);
}

TEST_F(ChunksBits, ASearchRemembersWhatItPassed)
{
    const std::string s = std::string(4 * CHUNK_BYTES, '\xff') + "\xfe";
    make(s);
    Stops stops;
    uint64_t at = 0;
    size_t calls = 1;
    while (!chunks_bits_find(root, false, 0, s.size() * 8, &stops.pause, &at))
        calls++;
    EXPECT_EQ(at, s.size() * 8 - 1);
    EXPECT_EQ(calls, 5u);
    stops.asked = 0;
    EXPECT_TRUE(chunks_bits_find(root, false, 0, s.size() * 8, &stops.pause, &at));
    EXPECT_EQ(stops.asked, 0u);
    EXPECT_EQ(count(root, 0, s.size() * 8), s.size() * 8 - 1);
}

TEST_F(ChunksBits, EndsInsideChunksAndBehindTheirBytes)
{
    // The first chunk has bytes for its front only; what follows is a hole.
    make(std::string(1000, '\xff'));
    chunks_write(&root, nullptr, 3 * CHUNK_BYTES, bytes_cstr("\xff"));
    const uint64_t size = (3 * CHUNK_BYTES + 1) * 8;
    EXPECT_EQ(find(root, false, 0, size), 8000u);
    EXPECT_EQ(find(root, false, 0, 8000), 8000u) << "nowhere";
    EXPECT_EQ(find(root, true, 8000, size), 3 * kChunkBits);
    EXPECT_EQ(find(root, true, kChunkBits, 2 * kChunkBits), 2 * kChunkBits) << "nowhere";
    EXPECT_EQ(count(root, 4, size - 4), 8000u - 4 + 4);
    EXPECT_EQ(count(root, 8000, 3 * kChunkBits), 0u);
    EXPECT_EQ(count(root, 5, 5), 0u);
}

// Writes of all kinds, under views and with chunks held, and each count and search in stops.
TEST_F(ChunksBits, MatchStdString)
{
    const uint64_t seed = test_seed();
    std::mt19937_64 rng(seed);
    const auto below = [&](size_t n) { return static_cast<size_t>(rng() % n); };
    make("");
    View view;
    std::string model;
    std::vector<chunk *> held;
    for (int step = 0; step < 1500; step++) {
        const size_t most = below(6) ? 20 : 100'000;
        const size_t at = below(5) ? below(model.size() + 1) : below(6 * CHUNK_BYTES);
        std::string piece(below(most), below(2) ? '\0' : '\xff');
        for (size_t i = below(5); !piece.empty() && i > 0; i--)
            piece[below(piece.size())] = static_cast<char>(rng());
        switch (below(12)) {
        case 0:
            view.is_open() ? view.close() : view.open();
            chunk_view_closed();
            break;
        case 1:
            held.push_back(chunks_chunk(root, below(7)));
            chunk_ref(held.back());
            break;
        case 2: {
            size_t got;
            char *to = chunks_tail_reserve(&root, view.cow(), piece.size() + 1, &got);
            piece.resize(std::min(got, piece.size()));
            memcpy(to, piece.data(), piece.size());
            chunks_tail_commit(root, piece.size());
            model += piece;
            break;
        }
        case 3:
            chunks_extend(&root, view.cow(), at);
            model.resize(std::max(model.size(), at));
            break;
        default:
            chunks_write(&root, view.cow(), at, of(piece));
            if (!piece.empty()) {
                model.resize(std::max(model.size(), at + piece.size()));
                model.replace(at, piece.size(), piece);
            }
        }
        if (model.size() > 6 * CHUNK_BYTES || held.size() > 5) {
            for (chunk *c : held)
                chunk_unref(c);
            held.clear();
        }
        if (model.size() > 8 * CHUNK_BYTES) {
            chunks_free(root, view.cow());
            make("");
            model.clear();
        }
        const uint64_t bits = model.size() * 8;
        const uint64_t first = below(3) ? 0 : below(bits + 1),
                       end = below(3) ? bits : below(bits + 1);
        const bool bit = below(2);
        Stops stops;
        uint64_t ones = 0, place = 0;
        while (!chunks_bits_count(root, first, end, &stops.pause, &ones))
            ASSERT_LT(stops.asked, 50u);
        ASSERT_EQ(ones, bits_count_range(model.data(), first, end)) << "step " << step;
        while (!chunks_bits_find(root, bit, first, end, &stops.pause, &place))
            ASSERT_LT(stops.asked, 100u);
        ASSERT_EQ(place, bits_find(model.data(), bit, first, end))
            << "step " << step << ", " << bit << " in " << first << " to " << end << " of " << bits;
    }
    for (chunk *c : held)
        chunk_unref(c);
    chunks_free(root, view.cow());
    view.close();
    chunk_view_closed();
    make("");
}

TEST_F(ChunksBits, PutTogetherFromParts)
{
    char *at;
    chunk *parts[3] = {};
    parts[0] = chunk_new(CHUNK_BYTES, &at);
    memset(at, '\xff', CHUNK_BYTES);
    parts[2] = chunk_new(10, &at);
    memset(at, '\x01', 10);
    root = chunks_from_chunks(parts, 3, 2 * CHUNK_BYTES + 10);
    EXPECT_EQ(chunks_size(root), 2u * CHUNK_BYTES + 10);
    EXPECT_EQ(count(root, 0, chunks_size(root) * 8), kChunkBits + 10);
    EXPECT_EQ(find(root, true, kChunkBits, chunks_size(root) * 8), 2 * kChunkBits + 7);
    chunks_extend(&root, nullptr, 3 * CHUNK_BYTES);
    EXPECT_EQ(count(root, 0, chunks_size(root) * 8), kChunkBits + 10) << "zeros behind the end";
    chunks_write(&root, nullptr, CHUNK_BYTES + 5, bytes_cstr("\x03"));
    EXPECT_EQ(count(root, 0, chunks_size(root) * 8), kChunkBits + 12);
    EXPECT_EQ(chunk_bytes(chunks_chunk(root, 0)).size, size_t{CHUNK_BYTES});
    EXPECT_EQ(chunk_bytes(nullptr).size, 0u);
}

} // namespace
