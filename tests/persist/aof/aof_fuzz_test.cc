// Files of an AOF that somebody has tampered with: loading and checking them ends in data or in a
// line that says where, and takes no more memory than the bytes that are really there are worth.
//
//   LATCHKEY_TEST_SEED      the same run again
//   LATCHKEY_TEST_TAMPERED  how many directories
#include "core/base/trace.h"
#include "io/start/check.h"
#include "tests/persist/aof/aof_fixture.h"
#include "tests/support/seed.h"
#include "tests/support/server.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>

using namespace aof_test;
using rdb::noise;
using rdb::prose;

namespace
{

using Files = std::map<std::string, std::string>; // by name, without the directory

int rounds(int usual)
{
    const char *given = std::getenv("LATCHKEY_TEST_TAMPERED");
    return given ? std::atoi(given) : usual;
}

// --- files as a server writes them

std::string crc_line(const std::string &covered)
{
    char line[64];
    snprintf(line, sizeof line, "#CRC:%016llx %zu\r\n",
             static_cast<unsigned long long>(crc64(0, covered.data(), covered.size())),
             covered.size());
    return line;
}

const std::vector<Words> &changes()
{
    static const std::vector<Words> all = {
        {"SELECT", "0"},
        {"SET", "k", "v", "PXAT", "4102444800123"},
        {"MULTI"},
        {"RPUSH", "list", "a", "b"},
        {"SELECT", "3"},
        {"LPUSH", "list", "c"},
        {"EXEC"},
        {"HSET", "hash", "f", "1", "g", prose(300)},
        {"HPEXPIREAT", "hash", "4102444800123", "FIELDS", "1", "f"},
        {"ZADD", "zset", "1.5", "a", "-inf", "b"},
        {"SADD", "set", "1", "2", "three"},
        {"SREM", "set", "three"},
        {"SETRANGE", "text", "20", "tail"},
        {"APPEND", "text", noise(200)},
        {"MULTI"},
        {"DEL", "k", "list"},
        {"EXEC"},
        {"LREM", "list", "0", "a"},
        {"PFADD", "hll", "x", "y"},
        {"RENAME", "text", "other"},
    };
    return all;
}

Files sound_files(bool rdb_base, bool annotated)
{
    Data data;
    for (const int db : {0, 5}) {
        data.run({"SELECT", std::to_string(db)});
        for (int i = 0; i < 5; i++)
            data.run({"SET", "s" + std::to_string(i), i ? noise(30) : prose(900)});
        data.run({"RPUSH", "l", "1", "x", prose(100)});
        data.run({"SADD", "ints", "1", "2", "3"});
        data.run({"ZADD", "z", "1", "a", "2.5", "b"});
        data.run({"HSET", "h", "f", "v", "g", "w"});
        data.run({"HPEXPIREAT", "h", "4102444800123", "FIELDS", "1", "g"});
        data.run({"PEXPIREAT", "l", "4102444800123"});
    }
    Files files;
    const std::string suffix = rdb_base ? "rdb" : "aof", log = encode(changes());
    files["a.manifest"] = "file a.2.base." + suffix +
                          " seq 2 type b\nfile a.1.incr.aof seq 1 type h\n"
                          "file a.2.incr.aof seq 2 type i\nfile a.3.incr.aof seq 3 type i\n";
    files["a.2.base." + suffix] =
        rdb_base ? data.rdb_base() : data.base(annotated ? 1600000000 : -1);
    files["a.2.incr.aof"] =
        annotated ? "#TS:1600000001\r\n" + log + crc_line(log) + "#TS:1600000002\r\n" : log;
    files["a.3.incr.aof"] = log + (annotated ? crc_line(log) + log : "");
    return files;
}

// --- what is done to them

class Tamper
{
  public:
    explicit Tamper(uint64_t seed) : random_(seed)
    {
    }
    uint64_t below(uint64_t n)
    {
        return random_() % n;
    }

    Files files(Files f)
    {
        for (uint64_t n = 1 + below(2); n > 0; n--) {
            auto at = f.begin(); // the manifest, if it is there; seldom, as it is short
            std::advance(at,
                         static_cast<long>(below(3) ? below(f.size() - 1) + 1 : below(f.size())));
            std::string &text = at->second;
            if (at->first == "a.manifest" && below(3))
                lines(&text);
            else if (text.size() > 0)
                bytes_of_any(&text);
            if (below(40) == 0 && f.size() > 2)
                f.erase(at);
        }
        return f;
    }

  private:
    const char *number()
    {
        static const char *const all[] = {"1152921504606846976", // 2^60
                                          "9223372036854775807",
                                          "9223372036854775808",
                                          "18446744073709551615",
                                          "4294967296",
                                          "2147483647",
                                          "536870912",
                                          "-1",
                                          "0",
                                          "00",
                                          "1"};
        return all[below(sizeof all / sizeof *all)];
    }

    std::string command()
    {
        static const std::vector<Words> all = {
            {"MULTI"},
            {"EXEC"},
            {"DISCARD"},
            {"WATCH", "k"},
            {"SELECT", "16"},
            {"SELECT", "-1"},
            {"BLPOP", "nobody", "0"},
            {"BLMOVE", "nobody", "list", "LEFT", "LEFT", "0"},
            {"QUIT"},
            {"HELLO", "3"},
            {"NOSUCH", "command"},
            {"SET", "k"},
            {"FLUSHALL"},
            {"SWAPDB", "0", "5"},
            {"RESTORE", "r", "0", std::string("\0\xc0\x01\x0b\0garbage!", 13)},
            {"SETRANGE", "far", "3000000", "x"},
            {"SETBIT", "far bit", "9999999", "1"},
            {"DEL", "zset"},
            {"#TS:1"},
        };
        return encode(all[below(all.size())]);
    }

    // In front of a command, mostly.
    size_t place(const std::string &s)
    {
        const size_t from = below(s.size()), at = s.find("\r\n*", from);
        return at == std::string::npos || below(4) == 0 ? from : at + 2;
    }

    // A length, as text or as an RDB has them.
    void length(std::string *s)
    {
        const size_t from = below(s->size()), at = s->find_first_of("$*", from);
        if (at == std::string::npos || below(4) == 0) {
            static const std::string wide[] = {std::string("\x81\x10\0\0\0\0\0\0\0", 9),
                                               std::string("\x80\x7f\xff\xff\xff", 5),
                                               std::string("\xc3\x05\x81\x10\0\0\0\0\0\0\0", 11)};
            const std::string &w = wide[below(3)];
            s->replace(from, below(2) ? w.size() : 1, w);
            return;
        }
        const size_t end = s->find_first_not_of("0123456789", at + 1);
        s->replace(at + 1, (end == std::string::npos ? s->size() : end) - at - 1, number());
    }

    void bytes_of_any(std::string *s)
    {
        const size_t at = below(s->size());
        switch (below(9)) {
        case 0:
            (*s)[at] = static_cast<char>((*s)[at] ^ 1 << below(8));
            break;
        case 1:
            (*s)[at] = static_cast<char>(random_());
            break;
        case 2:
            s->resize(at);
            break;
        case 3:
            s->erase(at, 1 + below(20));
            break;
        case 4:
            s->insert(at, s->substr(below(s->size()), below(60)));
            break;
        case 5:
            s->insert(place(*s), command());
            break;
        case 6:
            s->insert(place(*s), below(2) ? "#" + std::string(below(200), 'x') + "\r\n"
                                          : crc_line(s->substr(0, below(100))));
            break;
        default:
            length(s);
            break;
        }
    }

    void lines(std::string *s)
    {
        std::vector<std::string> all;
        std::istringstream in(*s);
        for (std::string line; std::getline(in, line);)
            all.push_back(line);
        if (all.empty())
            return;
        std::string &one = all[below(all.size())], &other = all[below(all.size())];
        const size_t seq = one.find("seq ");
        switch (below(4)) {
        case 0:
            std::swap(one, other);
            break;
        case 1:
            one = other;
            break;
        case 2:
            one.clear();
            break;
        default:
            if (seq != std::string::npos)
                one.replace(seq + 4, 1, number());
            break;
        }
        s->clear();
        for (const std::string &line : all)
            *s += line + "\n";
    }

    std::mt19937_64 random_;
};

// --- what must hold

// The disk of a test, with a look at the memory before each read.
class WatchedDisk
{
  public:
    explicit WatchedDisk(const Files &files) : ops_(*disk.ops())
    {
        for (const auto &[name, text] : files) {
            disk.put("d/" + name, text);
            bytes_ += text.size();
        }
        peak_ = 0;
        read_ = ops_.read;
        ops_.read = [](void *ctx, int fd, void *data, size_t size) {
            peak_ = std::max(peak_, mem_used());
            return read_(ctx, fd, data, size);
        };
    }
    const file_ops *ops() const
    {
        return &ops_;
    }
    size_t peak() const
    {
        return peak_;
    }
    size_t bytes() const
    {
        return bytes_;
    }

    FakeDisk disk;

  private:
    file_ops ops_;
    size_t bytes_ = 0;
    static inline size_t peak_;
    static inline int64_t (*read_)(void *, int, void *, size_t);
};

constexpr size_t ROOM = 16 << 20; // windows of readers, and tables

// Every line says which file, and where.
void expect_line(const std::string &error, int rc)
{
    const bool of_manifest = error.find("(line ") != std::string::npos ||
                             error.find("empty AOF manifest") != std::string::npos;
    const bool names =
        error.find("d/") != std::string::npos || error.find("Unable to obtain the AOF file") == 0;
    const bool places = error.find("byte ") != std::string::npos ||
                        error.find("offset ") != std::string::npos || rc == LK_EIO;
    EXPECT_TRUE(of_manifest || (names && places)) << rc << ": " << error;
}

struct Outcome {
    int rc;
    std::string error;
    aof_load_result result;
};

Outcome load(WatchedDisk *d, Data *data, bool truncated_ok)
{
    Outcome o{};
    const size_t before = mem_used();
    o.rc = data->load(d->disk, &o.error, d->ops(), truncated_ok, &o.result);
    EXPECT_LT(d->peak(), before + ROOM + 100 * d->bytes());
    if (o.rc != LK_OK)
        expect_line(o.error, o.rc);
    EXPECT_EQ(d->disk.misused(), 0);
    return o;
}

class AofFuzz : public ::testing::Test
{
  protected:
    AofFuzz()
    {
        trace_set_level(TRACE_NOTHING);
    }
    ~AofFuzz() override
    {
        trace_set_level(TRACE_NOTICE);
    }
    static std::vector<Files> corpus()
    {
        std::vector<Files> all;
        for (const bool rdb_base : {false, true})
            for (const bool annotated : {false, true})
                all.push_back(sound_files(rdb_base, annotated));
        return all;
    }
};

TEST_F(AofFuzz, LoadsDataOrSaysWhere)
{
    Tamper tamper(test_seed());
    const std::vector<Files> all = corpus();
    int loaded = 0, refused = 0, cut = 0;
    for (const Files &f : all) {
        WatchedDisk disk(f);
        Data data;
        const Outcome o = load(&disk, &data, false);
        ASSERT_EQ(o.rc, LK_OK) << o.error;
    }
    for (int round = 0, n = rounds(1000); round < n && !HasFailure(); round++) {
        SCOPED_TRACE("round " + std::to_string(round));
        const Files bad = tamper.files(all[tamper.below(all.size())]);
        WatchedDisk disk(bad);
        Data data;
        const Outcome o = load(&disk, &data, tamper.below(2));
        loaded += o.rc == LK_OK;
        refused += o.rc != LK_OK;
        if (o.rc != LK_OK || !o.result.truncated)
            continue;
        // What was cut off was not needed: the same is loaded again, and nothing else is cut.
        cut++;
        Data again;
        const Outcome second = load(&disk, &again, false);
        EXPECT_EQ(second.rc, LK_OK) << second.error;
        EXPECT_FALSE(second.result.truncated);
        if (!o.result.again) { /* else more was given away than is there now */
            EXPECT_EQ(difference(again.dump(), data.dump()), "");
        }
    }
    if (!std::getenv("LATCHKEY_TEST_TAMPERED")) {
        EXPECT_GT(loaded, 100);
        EXPECT_GT(refused, 200);
        EXPECT_GT(cut, 5);
    }
}

// --- the check, on a real directory

class Directory
{
  public:
    explicit Directory(const Files &files)
    {
        for (const auto &[name, text] : files)
            std::ofstream(dir_.path() + "/" + name, std::ios::binary) << text;
    }
    Files read() const
    {
        Files out;
        for (const auto &file : std::filesystem::directory_iterator(dir_.path())) {
            std::ifstream in(file.path(), std::ios::binary);
            out[file.path().filename()] = std::string(std::istreambuf_iterator<char>(in), {});
        }
        return out;
    }
    // The exit code; what it says goes to *said.
    int check(bool fix, std::string *said) const
    {
        std::string path = dir_.path() + "/a.manifest", word = "latchkey-check-aof", flag = "--fix";
        char *argv[] = {word.data(), fix ? flag.data() : path.data(), path.data(), nullptr};
        testing::internal::CaptureStdout();
        testing::internal::CaptureStderr();
        const int code = check_run(fix ? 3 : 2, argv);
        *said = testing::internal::GetCapturedStdout() + testing::internal::GetCapturedStderr();
        return code;
    }

  private:
    lk::TempDir dir_;
};

// Answers every question with yes.
class Yes
{
  public:
    Yes() : before_(dup(0))
    {
        const std::string path = dir_.path() + "/yes";
        std::ofstream out(path);
        for (int i = 0; i < 100'000; i++)
            out << "y\n";
        out.close();
        EXPECT_NE(freopen(path.c_str(), "r", stdin), nullptr);
    }
    ~Yes()
    {
        dup2(before_, 0);
        ::close(before_);
        clearerr(stdin);
    }

  private:
    lk::TempDir dir_;
    int before_;
};

TEST_F(AofFuzz, IsCheckedAndRepaired)
{
    const Yes yes;
    Tamper tamper(test_seed() + 1);
    const std::vector<Files> all = corpus();
    std::string said;
    int sound = 0, repaired = 0, hopeless = 0;
    for (const Files &f : all)
        EXPECT_EQ(Directory(f).check(false, &said), 0) << said;
    for (int round = 0, n = rounds(250); round < n && !HasFailure(); round++) {
        SCOPED_TRACE("round " + std::to_string(round));
        const Files bad = tamper.files(all[tamper.below(all.size())]);
        const Directory directory(bad);
        const int code = directory.check(false, &said);
        EXPECT_FALSE(said.empty());
        EXPECT_EQ(directory.read(), bad) << "a look has changed something";
        if (code == 0) {
            sound++;
            continue;
        }
        if (directory.check(true, &said) != 0) {
            hopeless++;
            EXPECT_EQ(directory.read(), bad) << "what cannot be repaired was changed: " << said;
            continue;
        }
        repaired++;
        EXPECT_EQ(directory.check(false, &said), 0) << said;
        for (const auto &[name, text] : directory.read())
            EXPECT_EQ(bad.at(name).substr(0, text.size()), text) << name << ": more than a cut";
    }
    if (!std::getenv("LATCHKEY_TEST_TAMPERED")) {
        EXPECT_GT(sound, 10);
        EXPECT_GT(repaired, 10);
        EXPECT_GT(hopeless, 20);
    }
}

} // namespace
