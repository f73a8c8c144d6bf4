// A chunked string behaves as std::string does, and a frozen root as the string it was.
#include "core/ds/chunks.h"
#include "tests/support/seed.h"

#include "tests/core/ds/view_model.h"

#include <memory>
#include <string>
#include <thread>

namespace
{

bytes of(const std::string &s)
{
    return bytes_of(s.data(), s.size());
}

std::string text(const chunks *root)
{
    std::string out(chunks_size(root), '?');
    EXPECT_EQ(chunks_read(root, 0, out.data(), out.size()), out.size());
    return out;
}

std::string noise(std::mt19937_64 &rng, size_t n)
{
    std::string s(n, '\0');
    for (char &c : s)
        c = static_cast<char>(rng());
    return s;
}

class Chunks : public ::testing::Test
{
  protected:
    void SetUp() override
    {
        used_ = mem_used();
    }
    void TearDown() override
    {
        EXPECT_EQ(mem_used(), used_) << "leaked";
    }

  private:
    size_t used_ = 0;
};

TEST_F(Chunks, KeepsWhatItWasMadeFrom)
{
    std::mt19937_64 rng(test_seed());
    for (size_t n : {size_t{0}, size_t{1}, size_t{CHUNK_BYTES - 1}, size_t{CHUNK_BYTES},
                     size_t{CHUNK_BYTES + 1}, size_t{128} * CHUNK_BYTES + 5}) {
        const std::string s = noise(rng, n);
        chunks *root = chunks_from_bytes(nullptr, of(s));
        EXPECT_EQ(text(root), s) << n;
        chunks *copy = chunks_clone(root, nullptr);
        chunks_free(root, nullptr);
        EXPECT_EQ(text(copy), s) << n;
        chunks_free(copy, nullptr);
    }
}

TEST_F(Chunks, FarWriteTakesLittle)
{
    const size_t far = size_t{512} << 20;
    chunks *root = chunks_new(nullptr);
    chunks_write(&root, nullptr, far - 1, bytes_cstr("x"));
    EXPECT_EQ(chunks_size(root), far);
    EXPECT_LT(chunks_used_bytes(root), 128u * 1024);
    char c[3] = {'a', 'a', 'a'};
    EXPECT_EQ(chunks_read(root, far - 2, c, sizeof c), 2u);
    EXPECT_EQ(c[0], '\0');
    EXPECT_EQ(c[1], 'x');

    chunks *copy = chunks_clone(root, nullptr);
    EXPECT_EQ(chunks_size(copy), far);
    EXPECT_LT(chunks_used_bytes(copy), 128u * 1024);
    size_t total = 0, held = 0;
    chunks_iter it;
    chunk_span span;
    chunks_iter_init(&it, copy, 0, SIZE_MAX);
    while (chunks_iter_next(&it, &span)) {
        total += span.size;
        held += span.owner ? span.size : 0;
    }
    EXPECT_EQ(total, far);
    EXPECT_LE(held, size_t{CHUNK_BYTES});
    chunks_free(copy, nullptr);
    chunks_free(root, nullptr);
}

TEST_F(Chunks, TailTakesItsSizeClassOnly)
{
    chunks *root = chunks_from_bytes(nullptr, of(std::string(CHUNK_BYTES + 3000, 'x')));
    EXPECT_LT(chunks_used_bytes(root), 64u * 1024 + 6000);
    chunks_free(root, nullptr);
}

TEST_F(Chunks, ReceivesIntoTheTail)
{
    std::mt19937_64 rng(test_seed());
    const std::string want = noise(rng, 3 * CHUNK_BYTES + 100);
    View view;
    chunks *root = chunks_new(nullptr);
    for (size_t at = 0; at < want.size();) {
        if (rng() % 4 == 0) {
            view.is_open() ? view.close() : view.open();
        }
        size_t got = 0;
        char *to = chunks_tail_reserve(&root, view.cow(), want.size() - at, &got);
        const size_t n = std::min<size_t>(1 + rng() % 9000, got);
        memcpy(to, want.data() + at, n);
        chunks_tail_commit(root, n);
        at += n;
        EXPECT_EQ(chunks_size(root), at);
    }
    chunks_extend(&root, view.cow(), want.size() + 1000);
    EXPECT_EQ(text(root), want + std::string(1000, '\0'));
    chunks_free(root, view.cow());
}

// A view costs the chunk that a write touches, not the string.
TEST_F(Chunks, WriteUnderViewClonesOneChunk)
{
    const std::string s(100 * CHUNK_BYTES, 'a');
    chunks *root = chunks_from_bytes(nullptr, of(s));
    const size_t used = mem_used();
    {
        View view;
        view.open();
        const chunks *frozen = root;
        chunks_write(&root, view.cow(), 50 * CHUNK_BYTES + 7, bytes_cstr("bbb"));
        EXPECT_NE(root, frozen);
        EXPECT_LE(mem_used(), used + 64 * 1024 + 4096);
        chunks_write(&root, view.cow(), 50 * CHUNK_BYTES + 9, bytes_cstr("bbb"));
        EXPECT_LE(mem_used(), used + 64 * 1024 + 4096);
        EXPECT_EQ(text(frozen), s);
    }
    EXPECT_EQ(mem_used(), used);
    chunks_free(root, nullptr);
}

TEST_F(Chunks, SentBytesOutliveOverwriteAndFree)
{
    const std::string s(5 * CHUNK_BYTES, 'a');
    chunks *root = chunks_from_bytes(nullptr, of(s));
    chunks_iter it;
    chunk_span first, second;
    chunks_iter_init(&it, root, 10, SIZE_MAX);
    ASSERT_TRUE(chunks_iter_next(&it, &first));
    ASSERT_TRUE(chunks_iter_next(&it, &second));
    EXPECT_EQ(first.size, size_t{CHUNK_BYTES} - 10);
    chunk_ref(first.owner);
    chunk_ref(second.owner);
    chunks_write(&root, nullptr, 20, bytes_cstr("bbb"));
    EXPECT_EQ(std::string(first.data, first.size), std::string(CHUNK_BYTES - 10, 'a'));
    chunks_free(root, nullptr);
    EXPECT_EQ(std::string(second.data, second.size), std::string(CHUNK_BYTES, 'a'));
    chunk_unref(first.owner);
    chunk_unref(second.owner);
}

// Both orders in which a view and a send may let go of a chunk that the live side dropped.
TEST_F(Chunks, DroppedWhileViewedAndSent)
{
    for (bool send_ends_first : {true, false}) {
        const std::string s(2 * CHUNK_BYTES, 'a');
        chunks *root = chunks_from_bytes(nullptr, of(s));
        chunks_iter it;
        chunk_span span;
        chunks_iter_init(&it, root, 0, SIZE_MAX);
        ASSERT_TRUE(chunks_iter_next(&it, &span));
        chunk_ref(span.owner);
        View view;
        view.open();
        const chunks *frozen = root;
        chunks_write(&root, view.cow(), 0, bytes_cstr("bbb"));
        chunks_free(root, view.cow());
        if (send_ends_first)
            chunk_unref(span.owner);
        EXPECT_EQ(text(frozen), s);
        view.close();
        chunk_view_closed();
        if (!send_ends_first) {
            EXPECT_EQ(std::string(span.data, span.size), std::string(CHUNK_BYTES, 'a'));
            chunk_unref(span.owner);
        }
    }
}

TEST_F(Chunks, SendersOnOtherThreads)
{
    chunks *root = chunks_from_bytes(nullptr, of(std::string(4 * CHUNK_BYTES, 'a')));
    std::vector<std::thread> senders;
    for (int i = 0; i < 8; i++) {
        chunks_iter it;
        chunk_span span;
        const size_t at = static_cast<size_t>(i % 4) * CHUNK_BYTES;
        chunks_iter_init(&it, root, at, CHUNK_BYTES);
        ASSERT_TRUE(chunks_iter_next(&it, &span));
        chunk_ref(span.owner);
        senders.emplace_back([span] {
            const char c = span.data[0];
            EXPECT_EQ(std::string(span.data, span.size), std::string(span.size, c));
            chunk_unref(span.owner);
        });
        chunks_write(&root, nullptr, at, of(std::string(CHUNK_BYTES, static_cast<char>('b' + i))));
    }
    chunks_free(root, nullptr);
    for (std::thread &t : senders)
        t.join();
}

// The view's reader takes no lock: the thread sanitizer watches this one.
TEST_F(Chunks, FrozenIsReadWhileLiveIsWritten)
{
    const std::string s(9 * CHUNK_BYTES + 100, 'a');
    chunks *root = chunks_from_bytes(nullptr, of(s));
    View view;
    view.open();
    const chunks *frozen = root;
    std::thread reader([frozen, &s] { EXPECT_TRUE(text(frozen) == s); });
    std::vector<chunk *> sent;
    for (size_t i = 0; i < 9; i++) {
        chunks_iter it;
        chunk_span span;
        chunks_iter_init(&it, root, i * CHUNK_BYTES, 1);
        ASSERT_TRUE(chunks_iter_next(&it, &span));
        chunk_ref(span.owner);
        sent.push_back(span.owner);
        chunks_write(&root, view.cow(), i * CHUNK_BYTES + 5, bytes_cstr("bbb"));
    }
    chunks_append(&root, view.cow(), bytes_cstr("more"));
    chunks_free(root, view.cow());
    for (chunk *c : sent)
        chunk_unref(c);
    reader.join();
    view.close();
    chunk_view_closed();
}

TEST_F(Chunks, FreesInSteps)
{
    const std::string s(300 * CHUNK_BYTES, 'a');
    chunks *root = chunks_from_bytes(nullptr, of(s));
    chunks_extend(&root, nullptr, 900 * size_t{CHUNK_BYTES});
    View view;
    view.open();
    const chunks *frozen = root;
    chunks_write(&root, view.cow(), 0, bytes_cstr("b"));
    size_t cursor = 0, steps = 0;
    struct cow *cow = view.cow();
    while (!chunks_free_some(root, cow, &cursor, 16)) {
        // The view closes on the way: what is left is freed at once.
        if (++steps == 10) {
            std::string head(s.size(), '\0');
            EXPECT_EQ(chunks_read(frozen, 0, head.data(), head.size()), head.size());
            EXPECT_EQ(head, s);
            view.close();
            cow = nullptr;
        }
    }
    EXPECT_GE(steps, 18u);
}

// Random writes beside std::string, with views opened and closed and bytes held as sends hold them.
TEST_F(Chunks, MatchesStdString)
{
    const uint64_t seed = test_seed();
    for (uint64_t round = 0; round < 12; round++) {
        std::mt19937_64 rng(seed + round);
        const size_t limit = round % 3 == 0 ? 150 * CHUNK_BYTES : 5 * CHUNK_BYTES;
        View view;
        chunks *root = chunks_new(nullptr);
        std::string model, frozen_model;
        const chunks *frozen = nullptr;
        struct Sent {
            chunk_span span;
            std::string want;
        };
        std::vector<Sent> sent;
        for (int step = 0; step < 250; step++) {
            const size_t at = rng() % 8 == 0 ? rng() % limit : rng() % (model.size() + 1);
            const size_t most = rng() % 8 == 0 ? 2 * CHUNK_BYTES : 3000;
            switch (rng() % 8) {
            case 0:
                view.is_open() ? view.close() : view.open();
                chunk_view_closed();
                frozen = view.is_open() ? root : nullptr;
                frozen_model = model;
                break;
            case 1: {
                chunks_iter it;
                Sent s;
                chunks_iter_init(&it, root, at, most);
                if (chunks_iter_next(&it, &s.span)) {
                    chunk_ref(s.span.owner);
                    s.want.assign(s.span.data, s.span.size);
                    sent.push_back(std::move(s));
                }
                break;
            }
            case 2:
                if (!sent.empty()) {
                    std::swap(sent[rng() % sent.size()], sent.back());
                    const Sent &s = sent.back();
                    EXPECT_EQ(std::string(s.span.data, s.span.size), s.want);
                    chunk_unref(s.span.owner);
                    sent.pop_back();
                }
                break;
            case 3:
            case 4: {
                const std::string s = noise(rng, rng() % most);
                chunks_append(&root, view.cow(), of(s));
                model += s;
                break;
            }
            case 5:
                chunks_extend(&root, view.cow(), at);
                if (at > model.size())
                    model.resize(at);
                break;
            default: {
                const std::string s = noise(rng, rng() % most);
                chunks_write(&root, view.cow(), at, of(s));
                if (!s.empty()) {
                    if (at + s.size() > model.size())
                        model.resize(at + s.size());
                    model.replace(at, s.size(), s);
                }
            }
            }
            if (model.size() < 6 * CHUNK_BYTES || step % 50 == 49) {
                ASSERT_TRUE(text(root) == model) << "round " << round << " step " << step;
                if (frozen) {
                    ASSERT_TRUE(text(frozen) == frozen_model) << "view, step " << step;
                }
            }
        }
        chunks_free(root, view.cow());
        if (frozen) {
            EXPECT_TRUE(text(frozen) == frozen_model);
        }
        view.close();
        chunk_view_closed();
        for (const Sent &s : sent) {
            EXPECT_EQ(std::string(s.span.data, s.span.size), s.want);
            chunk_unref(s.span.owner);
        }
    }
}

} // namespace
