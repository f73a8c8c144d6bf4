// What is loaded of files that a crash or a fault has cut or changed.
#include "tests/persist/aof/aof_book.h"

#include "core/base/crc64.h"

namespace
{

using namespace lk_aof;

TEST_F(Aof, EndsWhereTheLastWholeUnitEnds)
{
    const std::string manifest = "file a.1.incr.aof seq 1 type i\n";
    const std::string whole = command(1) + command(2), multi = "*1\r\n$5\r\nMULTI\r\n";
    const std::string last = multi + command(3) + "*1\r\n$4\r\nEXEC\r\n";
    for (size_t cut = 0; cut < last.size(); cut++) {
        SCOPED_TRACE(cut);
        disk.put("d/a.manifest", manifest);
        disk.put("d/a.1.incr.aof", whole + last.substr(0, cut));
        const Loaded strict = load(disk, false);
        EXPECT_EQ(strict.rc, cut == 0 ? LK_OK : LK_EFORMAT);
        const Loaded got = load(disk);
        EXPECT_EQ(got.rc, LK_OK) << got.error;
        EXPECT_EQ(got.truncated, cut > 0);
        EXPECT_EQ(disk.contents("d/a.1.incr.aof"), whole);
    }
}

// What a power cut leaves behind the last sync is cut; what was sound once is damage.
TEST_F(Aof, CutsWhatACrashHasLeft)
{
    const std::string one = command(1), two = command(2), bad = "*2\r\n$3\r\nADD\r\n$x\r\n1\r\n";
    const auto crc = [](const std::string &of, int synced) {
        char line[64];
        snprintf(line, sizeof line, "#CRC:%016llx %zu %d\r\n",
                 static_cast<unsigned long long>(crc64(0, of.data(), of.size())), of.size(),
                 synced);
        return std::string(line);
    };
    const std::string zeros(12, '\0'), many(3 << 20, '\0');
    const std::string summed = one + crc(one, 0);
    struct Case {
        const char *what;
        std::string text, left;
        int numbers; // -1: refused
        uint64_t tail_max;
    };
    for (const Case &c : {
             Case{"zeros", one + zeros, one, 1, 0},
             Case{"many zeros", one + many, one, 1, 0},
             Case{"nothing but zeros", zeros, "", 0, 0},
             Case{"garbage", one + std::string(70000, '\x80') + "*1\r\n$9", one, 1, 0},
             Case{"a torn value, then zeros", one + two.substr(0, 15) + zeros, one, 1, 0},
             /* The receiver was given what stands in it, and runs nothing without EXEC. */
             Case{"inside a transaction", one + "*1\r\n$5\r\nMULTI\r\n" + two + zeros, one, 2, 0},
             Case{"a command behind it", one + bad + two, "", -1, 0},
             Case{"a command right behind garbage", one + "!!!" + two, "", -1, 0},
             Case{"a command far behind it", one + many + "\r\n" + two, "", -1, 0},
             Case{"the same, as asked", one + bad + two, one, 1, 1000},
             Case{"not that much", one + bad + two, "", -1, 39},
             Case{"never synced", one + bad + two + crc(one, 0), one, 1, 0},
             Case{"synced before it", one + bad + two + crc(one, 20), one, 1, 0},
             Case{"synced", one + bad + two + crc(one, 21), "", -1, 0},
             Case{"synced, whatever is asked", one + bad + two + crc(one, 21), "", -1, 1000},
             Case{"a hole in a value", summed + two + crc(one, 0), summed, 1, 0},
             Case{"a hole in a value, commands behind it", summed + two + crc(one, 5) + two, summed,
                  1, 0},
             Case{"a value that was synced", summed + two + crc(one, 0) + two + crc(two, 99), "",
                  -1, 0},
         }) {
        SCOPED_TRACE(c.what);
        disk.put("d/a.manifest",
                 "file a.1.incr.aof seq 1 type i\nfile a.2.incr.aof seq 2 type i\n");
        disk.put("d/a.1.incr.aof", c.text);
        disk.put("d/a.2.incr.aof", "");
        EXPECT_EQ(load(disk, false).rc, LK_EFORMAT);
        const Loaded got = load(disk, true, c.tail_max);
        EXPECT_EQ(got.rc, c.numbers < 0 ? LK_EFORMAT : LK_OK) << got.error;
        EXPECT_EQ(got.truncated, c.numbers >= 0);
        EXPECT_EQ(disk.contents("d/a.1.incr.aof"), c.numbers < 0 ? c.text : c.left);
        if (c.numbers >= 0) {
            EXPECT_EQ(got.numbers, first(c.numbers));
            EXPECT_EQ(got.error, "");
            EXPECT_FALSE(load(disk, false).truncated);
        }
    }
}

std::string crc_line(const std::string &of, int synced)
{
    char line[64];
    snprintf(line, sizeof line, "#CRC:%016llx %zu %d\r\n",
             static_cast<unsigned long long>(crc64(0, of.data(), of.size())), of.size(), synced);
    return line;
}

// Each file says how long the one before it was; where that has lost something the log ends, if
// nothing behind it was durable.
TEST_F(Aof, EndsWhereAFileHasLostItsEnd)
{
    const std::string one = command(1), two = command(2), three = command(3), zeros(50, '\0');
    const std::string both = one + two, torn = one + two.substr(0, 9);
    const std::string bad = "*2\r\n$3\r\nADD\r\n$x\r\n1\r\n";
    struct Case {
        const char *what;
        std::string files[3], left[3];
        int numbers; // -1: refused
    };
    for (const Case &c : {
             Case{"whole", {one, after(1, one.size()) + two, ""}, {}, 2},
             Case{"torn", {torn, after(1, both.size()) + three, ""}, {one, "", ""}, 1},
             Case{"short by a command", {one, after(1, both.size()) + three, ""}, {one, "", ""}, 1},
             Case{"nothing left", {"", after(1, one.size()) + two, ""}, {"", "", ""}, 0},
             Case{"zeros", {one + zeros, after(1, one.size() + 50) + two, ""}, {one, "", ""}, 1},
             Case{"the next is torn too",
                  {torn, (after(1, both.size()) + three).substr(0, 60), ""},
                  {one, "", ""},
                  1},
             Case{"half a line behind it", {torn, "#AFTER:1 ", ""}, {one, "", ""}, 1},
             Case{"zeros behind it", {torn, zeros, ""}, {one, "", ""}, 1},
             Case{"zeros, then another", {one, zeros, after(2, 50) + three}, {one, "", ""}, 1},
             Case{"two behind it",
                  {torn, after(1, both.size()) + three, after(2, 70) + one},
                  {one, "", ""},
                  1},
             Case{"the second is short",
                  {one, after(1, one.size()) + two, after(2, 500) + three},
                  {one, after(1, one.size()) + two, ""},
                  2},
             Case{"the second is gone", {one, "", after(2, 500) + three}, {one, "", ""}, 1},
             Case{"an empty one between", {one, "", after(1, one.size()) + two}, {}, 2},
             Case{"short, an empty one between",
                  {one, "", after(1, both.size()) + two},
                  {one, "", ""},
                  1},
             Case{"longer", {both, after(1, one.size()) + three, ""}, {}, -1},
             Case{"the next was synced",
                  {torn, after(1, both.size()) + three + crc_line(three, 9), ""},
                  {},
                  -1},
             Case{"the next was not",
                  {torn, after(1, both.size()) + three + crc_line(three, 0), ""},
                  {one, "", ""},
                  1},
             Case{"of another server", {torn, three, ""}, {}, -1},
             Case{"a line that was changed",
                  {torn, after(1, both.size()).replace(9, 1, "9") + three, ""},
                  {},
                  -1},
             Case{"synced itself",
                  {one + bad + three + crc_line(one, 25), after(1, 900) + three, ""},
                  {},
                  -1},
         }) {
        SCOPED_TRACE(c.what);
        disk.put("d/a.manifest", "file a.1.incr.aof seq 1 type i\nfile a.2.incr.aof seq 2 type i\n"
                                 "file a.3.incr.aof seq 3 type i\n");
        const auto name = [](int i) { return "d/a." + std::to_string(i + 1) + ".incr.aof"; };
        const bool sound = c.numbers >= 0 && c.left[0].empty() && !c.files[0].empty();
        for (int i = 0; i < 3; i++)
            disk.put(name(i), c.files[i]);
        EXPECT_EQ(load(disk, false).rc, sound ? LK_OK : LK_EFORMAT);
        const Loaded got = load(disk);
        EXPECT_EQ(got.rc, c.numbers < 0 ? LK_EFORMAT : LK_OK) << got.error;
        if (got.rc == LK_OK) {
            EXPECT_EQ(got.truncated, !sound);
        }
        for (int i = 0; i < 3; i++)
            EXPECT_EQ(disk.contents(name(i)), c.numbers < 0 || sound ? c.files[i] : c.left[i]);
        if (c.numbers >= 0) {
            EXPECT_EQ(got.numbers, first(c.numbers));
            EXPECT_FALSE(load(disk, false).truncated);
        }
    }
}

TEST_F(Aof, RefusesWhatIsWrongInTheMiddle)
{
    const std::string manifest = "file a.1.incr.aof seq 1 type i\nfile a.2.incr.aof seq 2 type i\n";
    struct Case {
        const char *what;
        std::string one, two, error;
    };
    const std::string flipped = "*2\r\n$3\r\nADD\r\n$x\r\n1\r\n";
    for (const Case &c : {
             Case{"a flipped byte", flipped, command(2), "at byte 0"},
             Case{"garbage", command(1) + "hello", command(2), "at byte 20"},
             Case{"an early end", command(1).substr(0, 10), command(2), "Unexpected end of file"},
             Case{"a wrong checksum", command(1) + "#CRC:0000000000000001 22\r\n", command(2),
                  "checksum"},
         }) {
        SCOPED_TRACE(c.what);
        disk.put("d/a.manifest", manifest);
        disk.put("d/a.1.incr.aof", c.one);
        disk.put("d/a.2.incr.aof", c.two);
        const Loaded got = load(disk);
        EXPECT_EQ(got.rc, LK_EFORMAT);
        EXPECT_NE(got.error.find(c.error), std::string::npos) << got.error;
    }
    disk.put("d/a.manifest", manifest + "file a.9.incr.aof seq 9 type i\n");
    disk.put("d/a.1.incr.aof", "");
    const Loaded missing = load(disk);
    EXPECT_EQ(missing.rc, LK_EIO);
    EXPECT_EQ(missing.error, "Unable to obtain the AOF file a.9.incr.aof length. stat: No such "
                             "file or directory");
}

// ------------------------------------------------------------------------------------------

} // namespace
