// The system's files, of which the n-th call fails; short transfers and interruptions on request.
#ifndef TESTS_PERSIST_FAULTY_OPS_H
#define TESTS_PERSIST_FAULTY_OPS_H

#include "persist/file_ops.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

namespace rdb
{

class FaultyOps
{
  public:
    FaultyOps()
    {
        ops.ctx = this;
        ops.open = [](void *ctx, const char *path, int flags, unsigned mode) {
            return self(ctx)->fails("open") ? -1 : file_ops_system.open(nullptr, path, flags, mode);
        };
        ops.close = [](void *ctx, int fd) {
            // A failing close takes the descriptor all the same.
            const int rc = file_ops_system.close(nullptr, fd);
            return self(ctx)->fails("close") ? -1 : rc;
        };
        ops.read = [](void *ctx, int fd, void *data, size_t size) {
            FaultyOps *o = self(ctx);
            if (o->interrupted() || o->fails("read"))
                return int64_t{-1};
            return file_ops_system.read(nullptr, fd, data, std::min(size, o->transfer_max));
        };
        ops.write = [](void *ctx, int fd, const void *data, size_t size) {
            FaultyOps *o = self(ctx);
            if (o->interrupted() || o->fails("write"))
                return int64_t{-1};
            return file_ops_system.write(nullptr, fd, data, std::min(size, o->transfer_max));
        };
        ops.write_at = [](void *ctx, int fd, const void *data, size_t size, uint64_t offset) {
            FaultyOps *o = self(ctx);
            if (o->interrupted() || o->fails("write_at"))
                return int64_t{-1};
            return file_ops_system.write_at(nullptr, fd, data, std::min(size, o->transfer_max),
                                            offset);
        };
        ops.size = [](void *ctx, int fd) {
            return self(ctx)->fails("size") ? -1 : file_ops_system.size(nullptr, fd);
        };
        ops.sync = [](void *ctx, int fd) {
            return self(ctx)->fails("sync") ? -1 : file_ops_system.sync(nullptr, fd);
        };
        ops.write_back = [](void *ctx, int fd, uint64_t offset, uint64_t size, bool wait) {
            return self(ctx)->fails(wait ? "wait" : "send")
                       ? -1
                       : file_ops_system.write_back(nullptr, fd, offset, size, wait);
        };
        ops.rename = [](void *ctx, const char *from, const char *to) {
            return self(ctx)->fails("rename") ? -1 : file_ops_system.rename(nullptr, from, to);
        };
        ops.unlink = [](void *ctx, const char *path) {
            return self(ctx)->fails("unlink") ? -1 : file_ops_system.unlink(nullptr, path);
        };
    }
    FaultyOps(const FaultyOps &) = delete;

    file_ops ops;
    std::vector<std::string> calls;
    size_t fail_at = SIZE_MAX; // the first is 0
    std::string failed;        // the call that did
    size_t transfer_max = SIZE_MAX;
    bool interrupt = false; // every other transfer

  private:
    static FaultyOps *self(void *ctx)
    {
        return static_cast<FaultyOps *>(ctx);
    }
    bool fails(const char *name)
    {
        calls.push_back(name);
        if (calls.size() - 1 != fail_at)
            return false;
        failed = name;
        errno = ENOSPC;
        return true;
    }
    bool interrupted()
    {
        interrupts_ = interrupt && !interrupts_;
        if (interrupts_)
            errno = EINTR;
        return interrupts_;
    }
    bool interrupts_ = false;
};

} // namespace rdb

#endif
