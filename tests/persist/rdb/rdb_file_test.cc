// A file is there whole or not at all, whichever call fails.
#include "persist/rdb/rdb_file.h"
#include "tests/persist/faulty_ops.h"
#include "tests/persist/rdb/rdb_fixture.h"
#include "tests/support/server.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>

using namespace rdb;
namespace fs = std::filesystem;

namespace
{

std::string slurp(const std::string &path)
{
    std::ifstream in(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
}

std::set<std::string> names_in(const std::string &directory)
{
    std::set<std::string> names;
    for (const auto &e : fs::directory_iterator(directory))
        names.insert(e.path().filename());
    return names;
}

size_t open_descriptors()
{
    size_t n = 0;
    for (const auto &e : fs::directory_iterator("/proc/self/fd")) {
        (void)e;
        n++;
    }
    return n;
}

// Functions make the header wrong at first, so that it is patched.
int save(Keys *k, FaultyOps *faulty, const std::string &directory, std::string *error,
         const char *temp_name = nullptr)
{
    rdb_file f;
    const rdb_file_options options{directory.c_str(), temp_name, true};
    int rc = rdb_file_create(&f, &faulty->ops, &options);
    if (rc == LK_OK) {
        const rdb_sink sink = rdb_file_sink(&f);
        rdb_out o;
        rdb_out_init(&o, &sink, RDB_OUT_BUFFER_BYTES);
        rc = k->save(&o, {}, nullptr, {"code"});
        rdb_out_release(&o);
        if (rc == LK_OK)
            rc = rdb_file_commit(&f, "dump.rdb");
        else
            rdb_file_abort(&f);
    }
    *error = f.error;
    return rc;
}

int load_path(const file_ops *ops, const std::string &path, Receiver *to, std::string *error)
{
    rdb_file_in f;
    int rc = rdb_file_open(&f, ops, path.c_str());
    *error = strerror(errno);
    if (rc != LK_OK)
        return rc;
    const rdb_receiver row = to->row();
    rc = rdb_load(&f.in, &row);
    *error = f.in.error;
    rdb_file_close(&f);
    return rc;
}

void fill(Keys *k, const char *text)
{
    k->put(0, "a", text);
    k->put(1, "large", noise(9'000'000)); // three stretches
}

TEST(RdbFile, IsWrittenUnderAnotherNameAndReadBack)
{
    const lk::TempDir directory;
    Keys k;
    fill(&k, "text");
    for (const size_t transfer_max : {SIZE_MAX, size_t{70'001}}) {
        FaultyOps faulty;
        faulty.transfer_max = transfer_max;
        faulty.interrupt = transfer_max != SIZE_MAX;
        std::string error;
        ASSERT_EQ(save(&k, &faulty, directory.path(), &error), LK_OK) << error;
        EXPECT_EQ(names_in(directory.path()), std::set<std::string>{"dump.rdb"});
        EXPECT_EQ(slurp(directory.path() + "/dump.rdb").substr(0, 9), "REDIS0010");
        Receiver got;
        ASSERT_EQ(load_path(&faulty.ops, directory.path() + "/dump.rdb", &got, &error), LK_OK)
            << error;
        EXPECT_EQ(got.items, k.items);
    }
}

TEST(RdbFile, TheOrderOfCallsIsWhatMakesItLast)
{
    const lk::TempDir directory;
    Keys k;
    k.put(0, "a", "b");
    FaultyOps faulty;
    std::string error;
    ASSERT_EQ(save(&k, &faulty, directory.path(), &error), LK_OK) << error;
    const std::vector<std::string> want = {"open", "write", "write_at", "write",
                                           "sync", "close", "rename", // and then the directory
                                           "open", "sync",  "close"};
    EXPECT_EQ(faulty.calls, want);
}

TEST(RdbFile, StretchesAreSentAheadOfTheLastSync)
{
    const lk::TempDir directory;
    Keys k;
    fill(&k, "text");
    FaultyOps faulty;
    std::string error;
    ASSERT_EQ(save(&k, &faulty, directory.path(), &error), LK_OK) << error;
    std::vector<std::string> sent;
    for (const std::string &call : faulty.calls)
        if (call == "send" || call == "wait")
            sent.push_back(call);
    EXPECT_EQ(sent, (std::vector<std::string>{"send", "send", "wait"}));
}

TEST(RdbFile, WhicheverCallFailsTheOldFileOrTheNewOneIsThere)
{
    const lk::TempDir directory;
    const std::string path = directory.path() + "/dump.rdb";
    Keys old_keys, new_keys;
    fill(&old_keys, "old");
    fill(&new_keys, "new");
    std::string error;
    FaultyOps good;
    ASSERT_EQ(save(&old_keys, &good, directory.path(), &error), LK_OK) << error;
    const size_t descriptors = open_descriptors(), calls = good.calls.size();
    std::set<std::string> failed;
    for (size_t n = 0; n < calls; n++) {
        FaultyOps faulty;
        faulty.fail_at = n;
        ASSERT_EQ(save(&new_keys, &faulty, directory.path(), &error), LK_EIO) << n;
        EXPECT_NE(error.find(": No space left on device"), std::string::npos) << error;
        failed.insert(faulty.failed);
        EXPECT_EQ(names_in(directory.path()), std::set<std::string>{"dump.rdb"}) << faulty.failed;
        EXPECT_EQ(open_descriptors(), descriptors) << faulty.failed;
        Receiver got;
        ASSERT_EQ(load_path(&file_ops_system, path, &got, &error), LK_OK) << error;
        // Once it is renamed it is there, though nobody can say that it will last.
        const bool renamed =
            std::find(faulty.calls.begin(), faulty.calls.end(), "rename") != faulty.calls.end() &&
            faulty.failed != "rename";
        EXPECT_EQ(got.items, renamed ? new_keys.items : old_keys.items) << faulty.failed;
        if (renamed) {
            FaultyOps again;
            ASSERT_EQ(save(&old_keys, &again, directory.path(), &error), LK_OK);
        }
    }
    EXPECT_EQ(failed, (std::set<std::string>{"close", "open", "rename", "send", "sync", "wait",
                                             "write", "write_at"}));
}

TEST(RdbFile, ADirectoryThatIsNotThereIsSaid)
{
    Keys k;
    FaultyOps faulty;
    std::string error;
    EXPECT_EQ(save(&k, &faulty, "/nonexistent/directory", &error), LK_EIO);
    EXPECT_EQ(error, "opening the temporary file: No such file or directory");
}

TEST(RdbFile, TheTemporaryNameIsThatOfTheProcessOrTheCallers)
{
    const lk::TempDir directory;
    for (const char *name : {static_cast<const char *>(nullptr), "temp-rewriteaof-1.aof"}) {
        rdb_file f;
        const rdb_file_options options{directory.path().c_str(), name, false};
        ASSERT_EQ(rdb_file_create(&f, &file_ops_system, &options), LK_OK);
        const std::string want = name ? name : "temp-" + std::to_string(getpid()) + ".rdb";
        EXPECT_EQ(names_in(directory.path()), std::set<std::string>{want});
        rdb_file_abort(&f);
        EXPECT_TRUE(names_in(directory.path()).empty());
    }
}

TEST(RdbFile, ReadingFailsWhereItFails)
{
    const lk::TempDir directory;
    const std::string path = directory.path() + "/dump.rdb";
    Keys k;
    fill(&k, "text");
    std::string error;
    FaultyOps good, reading;
    ASSERT_EQ(save(&k, &good, directory.path(), &error), LK_OK) << error;
    Receiver got;
    EXPECT_EQ(load_path(&good.ops, directory.path() + "/other.rdb", &got, &error), LK_ENOKEY);
    ASSERT_EQ(load_path(&reading.ops, path, &got, &error), LK_OK);
    const size_t descriptors = open_descriptors();
    for (size_t n = 0; n + 1 < reading.calls.size(); n++) { // the last is close
        FaultyOps faulty;
        faulty.fail_at = n;
        Receiver some;
        EXPECT_EQ(load_path(&faulty.ops, path, &some, &error), LK_EIO) << faulty.failed;
        EXPECT_NE(error.find("No space left on device"), std::string::npos) << error;
        EXPECT_EQ(open_descriptors(), descriptors) << faulty.failed;
    }
}

TEST(RdbFile, WhatFollowsTheFileIsLeftToOthers)
{
    const lk::TempDir directory;
    const std::string path = directory.path() + "/dump.rdb";
    Keys k;
    k.put(0, "a", "b");
    FaultyOps good;
    std::string error;
    ASSERT_EQ(save(&k, &good, directory.path(), &error), LK_OK) << error;
    const size_t size = fs::file_size(path);
    std::ofstream(path, std::ios::app) << "*1\r\n$4\r\nPING\r\n";
    rdb_file_in f;
    ASSERT_EQ(rdb_file_open(&f, &file_ops_system, path.c_str()), LK_OK);
    Receiver got;
    const rdb_receiver row = got.row();
    ASSERT_EQ(rdb_load(&f.in, &row), LK_OK) << f.in.error;
    EXPECT_EQ(rdb_in_offset(&f.in), size);
    EXPECT_EQ(text(rdb_in_rest(&f.in)), "*1\r\n$4\r\nPING\r\n");
    rdb_file_close(&f);
}

} // namespace
