// Manifests: what is printed is what is parsed, and what lies is refused.
#include "tests/persist/aof/aof_book.h"

namespace
{

using namespace lk_aof;

TEST(AofManifest, PrintsWhatItParses)
{
    const std::string text = "file \"odd \\x01\\\"name\" seq 3 type b\n"
                             "file a.2.base.rdb seq 2 type h\n"
                             "file a.4.incr.aof seq 4 type i\nfile a.5.incr.aof seq 5 type i\n";
    aof_manifest m{};
    buf error{}, out{};
    ASSERT_EQ(aof_manifest_parse(bytes_of(text.data(), text.size()), &m, &error), LK_OK);
    EXPECT_STREQ(aof_manifest_base(&m)->name, "odd \x01\"name");
    EXPECT_STREQ(aof_manifest_last_incr(&m)->name, "a.5.incr.aof");
    aof_manifest_print(&m, &out);
    EXPECT_EQ(std::string(out.data, out.size), text);
    aof_manifest_release(&m);
    buf_release(&out);
}

TEST(AofManifest, RefusesWhatLies)
{
    struct Case {
        const char *text, *error;
    };
    for (const Case &c : {
             Case{"", "empty"},
             Case{"file a seq 1 type b", "unfinished line"},
             Case{"file a seq 1 type b\nfile b seq 2 type b\n", "duplicate base"},
             Case{"file a seq 2 type i\nfile b seq 1 type i\n", "non-monotonic"},
             Case{"file ../a seq 1 type b\n", "can't be a path"},
             Case{"file a seq x type b\n", "seq"},
             Case{"file a seq 1 type q\n", "Unknown AOF file type"},
             Case{"seq 1 type b\n", "Invalid AOF manifest"},
             Case{"file a seq 1 type b\n\nfile b seq 1 type i\n", "Invalid AOF manifest"},
             Case{"file a seq 1 type b odd\n", "Invalid AOF manifest"},
             Case{"file a type i\n", "Invalid AOF manifest"},
             Case{"file a seq 1\n", "Invalid AOF manifest"},
             Case{"filx a seq 1 type b\n", "Invalid AOF manifest"},
             Case{"file \"a seq 1 type b\n", "Invalid AOF manifest"},
         }) {
        aof_manifest m{};
        buf error{};
        EXPECT_EQ(aof_manifest_parse(bytes_of(c.text, strlen(c.text)), &m, &error), LK_EFORMAT)
            << c.text;
        EXPECT_NE(std::string(error.data, error.size).find(c.error), std::string::npos)
            << c.text << ": " << std::string(error.data, error.size);
        buf_release(&error);
        aof_manifest_release(&m);
    }
}

} // namespace
