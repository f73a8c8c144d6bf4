// Bitmaps that one worker writes while another counts and combines them in turns.
#include "tests/core/cmd/engine/dispatch_fixture.h"
#include "tests/support/seed.h"

namespace
{

using namespace lk;

// More than a turn's worth, as fast as the code is.
constexpr size_t kBytes = static_cast<size_t>(scaled(15)) << 20;

// Both bitmaps get the same bits in one step, one set and one cleared: so at every moment they are
// equal, and their count is what it was.
class Writer
{
  public:
    Writer(Server &server, uint64_t seed) : client_(server, 1), rng_(seed)
    {
    }

    std::string step()
    {
        const uint64_t set = place(false), cleared = place(true);
        client_.run("MULTI");
        for (const char *key : {"a", "b"}) {
            client_.call({"SETBIT", key, std::to_string(set), "1"});
            client_.call({"SETBIT", key, std::to_string(cleared), "0"});
        }
        bits_[set] = true;
        bits_[cleared] = false;
        return client_.run("EXEC");
    }

  private:
    // Where there is such a bit; at first every second one is set.
    uint64_t place(bool bit)
    {
        for (;;) {
            const uint64_t at = rng_() % (kBytes * 8);
            const auto known = bits_.find(at);
            if ((known == bits_.end() ? at % 2 == 1 : known->second) == bit)
                return at;
        }
    }

    Client client_;
    std::mt19937_64 rng_;
    std::map<uint64_t, bool> bits_;
};

TEST(BitopBesideWriters, SeesOneMoment)
{
    Server server({.workers = 2, .logging = false});
    Client reader(server, 0);
    const std::string text(kBytes, '\x55');
    ASSERT_EQ(reader.call({"SET", "a", text}), "+OK");
    ASSERT_EQ(reader.call({"SET", "b", text}), "+OK");

    std::atomic<bool> stop = false;
    std::atomic<int> steps = 0;
    std::thread writer([&] {
        Writer w(server, test_seed());
        while (!stop) {
            EXPECT_EQ(w.step(), "*4 :0 :1 :0 :1");
            steps++;
        }
    });
    const std::string size = ":" + std::to_string(kBytes);
    const std::string half = ":" + std::to_string(kBytes * 4);
    for (int round = 0; round < scaled(60); round++) {
        const int before = steps;
        EXPECT_EQ(reader.run("BITOP XOR d a b"), size);
        EXPECT_EQ(reader.run("BITCOUNT d"), ":0");
        EXPECT_EQ(reader.run("BITPOS d 1"), ":-1");
        EXPECT_EQ(reader.run("BITOP DIFF d a b"), size);
        EXPECT_EQ(reader.run("BITCOUNT d"), ":0");
        EXPECT_EQ(reader.run("BITCOUNT a"), half);
        EXPECT_EQ(reader.run("BITOP NOT c b"), size);
        EXPECT_EQ(reader.run("BITCOUNT c"), half);
        // Not a proof, but without writes in between there would be nothing to see.
        while (steps == before)
            std::this_thread::yield();
    }
    stop = true;
    writer.join();
    EXPECT_TRUE(server.unlocked());
}

// What is logged makes the same strings elsewhere.
TEST(BitopBesideWriters, ReplaysAlike)
{
    Server server({.workers = 2});
    Client reader(server, 0);
    const std::string text(kBytes / 4, '\x55');
    for (const char *key : {"a", "b"})
        ASSERT_EQ(reader.call({"SET", key, text}), "+OK");
    std::string stream = server.take_stream();
    std::thread writer([&] {
        Writer w(server, test_seed() + 1);
        for (int i = 0; i < scaled(200); i++)
            w.step();
    });
    for (int round = 0; round < scaled(20); round++) {
        reader.run("BITOP NOT a a");
        reader.run("BITOP NOT b b");
        reader.run("BITOP NOT a a");
        reader.run("BITOP NOT b b");
        reader.run("BITFIELD c INCRBY u13 #" + std::to_string(round * 1000) + " 4097");
        reader.run("BITOP OR d a c");
    }
    writer.join();
    stream += server.take_stream();

    Server copy({.logging = false});
    Client loader(copy);
    replay(copy, loader, stream);
    EXPECT_EQ(difference(dump(copy.ks), dump(server.ks)), "");
}

} // namespace
