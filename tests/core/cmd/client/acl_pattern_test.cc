// What a list of patterns matches is what its globs match, wherever they begin to be special.
#include "core/cmd/client/acl_pattern.h"
#include "tests/support/seed.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace
{

bytes of(const std::string &s)
{
    return bytes_of(s.data(), s.size());
}

TEST(AclPattern, MatchesWhatTheGlobMatches)
{
    std::mt19937_64 random(test_seed());
    const auto some = [&random](const char *letters, size_t count, size_t n) {
        std::string s;
        while (n-- > 0)
            s += letters[random() % count];
        return s;
    };
    int hits = 0;
    for (int round = 0; round < 2000; round++) {
        // Beginnings of zero to 24 bytes in common, with zeros among them.
        const std::string common = some("ab\0", 3, random() % 25);
        std::vector<std::string> globs;
        acl_patterns all{};
        for (uint64_t n = 1 + random() % 6; n > 0; n--) {
            globs.push_back(common.substr(0, random() % (common.size() + 1)) +
                            some("ab\0*?", 5, random() % 4));
            acl_patterns_add(&all, of(globs.back()), ACL_READ);
        }
        for (int key = 0; key < 20; key++) {
            const std::string text =
                common.substr(0, common.size() - random() % 2 * common.size() / 2) +
                some("ab\0", 3, random() % 4);
            bool want = false;
            for (const std::string &g : globs)
                want |= bytes_match_glob(of(g), of(text), false);
            EXPECT_EQ(acl_patterns_match(&all, of(text), ACL_READ), want);
            EXPECT_FALSE(acl_patterns_match(&all, of(text), ACL_WRITE));
            hits += want;
        }
        acl_patterns_clear(&all);
    }
    EXPECT_GT(hits, 1000);
    EXPECT_LT(hits, 39000);
}

} // namespace
