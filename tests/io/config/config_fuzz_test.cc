// Damaged files: refused or taken, never worse; and what is taken survives REWRITE.
#include "core/base/rng.h"
#include "tests/io/config/config_fixture.h"

namespace
{

const char *const seeds[] = {
    "port 7000\nbind 127.0.0.1 -::1\nsave 900 1\nsave 300 10\n# comment\nmaxmemory 100mb\n",
    "requirepass \"a\\x00b\\n\"\nmasterauth 'it\\'s'\nclient-output-buffer-limit replica 1mb 2mb 3 "
    "pubsub 1 2 3\noom-score-adj-values 1 2 3\n",
    "notify-keyspace-events KEA\nlatency-tracking-info-percentiles 50 99.9\nreplicaof host 6379\n"
    "proc-title-template \"{title} {port}\"\nshutdown-on-sigterm nosave force\n",
    "rename-command GET bar\nuser alice on nopass ~* +@all\nloadmodule /x.so a\nunixsocketperm "
    "700\n"
    "maxmemory-clients 5%\nloglevel debug\nhash-max-ziplist-entries 7\nshards 2048\n",
};

class ConfigFuzz : public ConfigTest
{
};

std::string mutated(std::string text, struct rng *rng)
{
    static const char odd[] = "\"'\\ \n\r\t\v#\0x%-09akKA{}/*?[=\xff";

    for (uint64_t n = rng_below(rng, 6); n > 0; n--) {
        const size_t at = rng_below(rng, text.size() + 1);
        const char c = odd[rng_below(rng, sizeof odd)];
        const size_t count = rng_below(rng, 8);
        switch (rng_below(rng, 4)) {
        case 0:
            text.insert(at, 1, c);
            break;
        case 1:
            text.erase(at, count);
            break;
        case 2:
            if (at < text.size())
                text[at] = c;
            break;
        case 3:
            text.insert(at, text.substr(rng_below(rng, text.size() + 1), count * 4));
            break;
        }
    }
    return text;
}

TEST_F(ConfigFuzz, WhatLoadsSurvivesARewrite)
{
    const uint64_t seed = 7;
    struct rng rng;
    int taken = 0;
    rng_seed(&rng, seed);
    for (int round = 0; round < 1500; round++) {
        const std::string text = mutated(seeds[rng_below(&rng, std::size(seeds))], &rng);
        SCOPED_TRACE("seed " + std::to_string(seed) + " round " + std::to_string(round) + "\n" +
                     text);
        renew();
        write("c.conf", text);
        const std::string error = load_args({"c.conf"});
        if (!error.empty()) {
            EXPECT_NE(error.find("*** FATAL CONFIG FILE ERROR"), std::string::npos) << error;
            continue;
        }
        taken++;
        const Pairs all = get_all({"*"});
        Text why;
        ASSERT_EQ(config_rewrite(holder, nullptr, 0, &why.buf), LK_OK) << why.str();
        renew();
        ASSERT_EQ(load_args({"c.conf"}), "") << read("c.conf");
        ASSERT_EQ(get_all({"*"}), all) << read("c.conf");
    }
    EXPECT_GT(taken, 200);
}

// Words for every directive, good and bad, one at a time and in pairs: all or nothing.
TEST_F(ConfigFuzz, SetIsAllOrNothing)
{
    static const char *const words[] = {
        "yes",   "no",  "0",      "1",   "100", "-1",           "1mb",  "5%",     "900 1",   "",
        "1 2 3", "KEA", "notice", "a b", "x/y", "normal 1 2 3", "99.9", "always", "\x01\xff"};
    const uint64_t seed = 11;
    struct rng rng;
    rng_seed(&rng, seed);
    for (int round = 0; round < 3000; round++) {
        Pairs pairs;
        for (uint64_t n = rng_below(&rng, 3) + 1; n > 0; n--) {
            const struct config_row *row = config_row_at(rng_below(&rng, config_row_count()));
            pairs.emplace_back(row->alias && rng_below(&rng, 2) ? row->alias : row->name,
                               words[rng_below(&rng, std::size(words))]);
        }
        const Pairs all = get_all({"*"});
        const struct config *before = now();
        if (set(pairs) != "OK") {
            ASSERT_EQ(now(), before) << "seed " << seed << " round " << round;
            ASSERT_EQ(get_all({"*"}), all);
        }
        if (round % 100 == 0)
            config_reclaim(holder);
    }
}

} // namespace
