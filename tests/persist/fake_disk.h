// A disk that keeps only what was synced: file_ops over memory.
//
// Contents and names have two states each, as they are and as they were when last synced; the power
// may fail at any call, which then fails like all later ones, and after_crash() is the disk that
// the machine finds when it starts again.
//
// Of what was not synced a real disk may have anything: any of the changes of names since the
// directory was last synced, and of a file's bytes none, some, all, or as many zeros.  after_crash
// takes a mask for the one and a tail for the other.
#ifndef TESTS_PERSIST_FAKE_DISK_H
#define TESTS_PERSIST_FAKE_DISK_H

#include "persist/file_ops.h"

#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <fcntl.h>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

class FakeDisk
{
  public:
    FakeDisk()
    {
        ops_ = {.open = open,
                .close = close,
                .read = read,
                .write = write,
                .write_at = write_at,
                .size = size,
                .seek = seek,
                .truncate = truncate,
                .sync = sync,
                .sync_data = sync_data,
                .write_back = write_back,
                .rename = rename,
                .unlink = unlink,
                .ctx = this};
    }
    FakeDisk(const FakeDisk &) = delete;

    const file_ops *ops() const
    {
        return &ops_;
    }

    // The n-th call from now on is the first that fails; negative: none does.
    void fail_from(int64_t n)
    {
        const std::scoped_lock lock(mutex_);
        calls_ = 0;
        fail_from_ = n;
        once_ = false;
    }
    // The n-th call from now on fails, and no other.
    void fail_only(int64_t n)
    {
        fail_from(n);
        const std::scoped_lock lock(mutex_);
        once_ = true;
    }
    int64_t calls() const
    {
        const std::scoped_lock lock(mutex_);
        return calls_;
    }
    // From now on these calls fail with that error, and only these.
    void refuse(const char *call, int error)
    {
        const std::scoped_lock lock(mutex_);
        refused_ = call ? call : "";
        error_ = error;
    }

    // These calls do not return until this is called with nullptr: all, or those on that file.
    void stall(const char *call, const std::string &path = "")
    {
        const std::scoped_lock lock(stall_mutex_);
        stalled_ = call ? call : "";
        stalled_path_ = path;
        stall_ends_.notify_all();
    }

    // From now on each write takes half of what it is given, at least a byte.
    void write_halves()
    {
        const std::scoped_lock lock(mutex_);
        halves_ = true;
    }

    enum class Tail { none, half, all, zeros };

    // How many changes of names the directory has not synced.
    size_t unsynced_names() const
    {
        const std::scoped_lock lock(mutex_);
        return changes_.size();
    }

    // What was synced is still there; of the changes of names behind it those in mask.
    void after_crash(uint64_t mask = 0, Tail tail = Tail::none)
    {
        after_crash(mask, [tail](const std::string &) { return tail; });
    }
    // The same, with a tail for each name.
    void after_crash(uint64_t mask, const std::function<Tail(const std::string &)> &tail)
    {
        const std::scoped_lock lock(mutex_);
        for (size_t i = 0; i < changes_.size() && i < 64; i++)
            if (mask >> i & 1)
                changes_[i].make(synced_names_);
        names_ = synced_names_;
        changes_.clear();
        for (auto &[name, file] : names_)
            file->data = left_of(*file, tail(name));
        for (auto &[name, file] : names_)
            file->synced = file->data;
        fail_from_ = -1;
        refused_.clear();
        open_.clear();
    }

    // The process is gone, and nothing that it wrote.
    void after_kill()
    {
        const std::scoped_lock lock(mutex_);
        fail_from_ = -1;
        refused_.clear();
        open_.clear();
    }

    int misused() const
    {
        const std::scoped_lock lock(mutex_);
        return misused_;
    }

    bool exists(const std::string &path) const
    {
        const std::scoped_lock lock(mutex_);
        return names_.count(path) > 0;
    }
    std::string contents(const std::string &path) const
    {
        const std::scoped_lock lock(mutex_);
        const auto at = names_.find(path);
        return at == names_.end() ? "" : at->second->data;
    }
    void put(const std::string &path, const std::string &data)
    {
        const std::scoped_lock lock(mutex_);
        auto file = std::make_shared<File>();
        file->data = file->synced = data;
        names_[path] = synced_names_[path] = file;
    }

  private:
    struct File {
        std::string data, synced;
    };
    using Names = std::map<std::string, std::shared_ptr<File>>;
    struct Change {
        std::string from, to; // either may be empty
        std::shared_ptr<File> file;
        void make(Names &names) const
        {
            if (!from.empty())
                names.erase(from);
            if (!to.empty())
                names[to] = file;
        }
    };
    void change(const Change &c)
    {
        c.make(names_);
        changes_.push_back(c);
    }
    static std::string left_of(const File &f, Tail tail)
    {
        if (f.data.size() <= f.synced.size() || f.data.compare(0, f.synced.size(), f.synced) != 0 ||
            tail == Tail::none)
            return f.synced;
        const size_t more = f.data.size() - f.synced.size();
        if (tail == Tail::zeros)
            return f.synced + std::string(more, '\0');
        return f.data.substr(0, f.synced.size() + (tail == Tail::half ? more / 2 : more));
    }
    struct Open {
        std::shared_ptr<File> file; // null: a directory
        size_t at = 0;
        bool append = false;
        std::string path;
    };

    bool fails(const char *call)
    {
        if (refused_ == call) {
            errno = error_;
            return true;
        }
        if (fail_from_ < 0 || calls_++ < fail_from_ || (once_ && calls_ > fail_from_ + 1))
            return false;
        errno = EIO;
        return true;
    }
    // A descriptor that was never opened, or is closed, is a mistake of whoever uses it.
    Open *find(int fd)
    {
        const auto at = open_.find(fd);
        if (at != open_.end())
            return &at->second;
        misused_++;
        errno = EBADF;
        return nullptr;
    }
    void wait_while_stalled(const char *call, int fd = -1)
    {
        const std::string path = path_of(fd);
        std::unique_lock lock(stall_mutex_);
        stall_ends_.wait(lock, [&] {
            return stalled_ != call || (!stalled_path_.empty() && stalled_path_ != path);
        });
    }
    std::string path_of(int fd) const
    {
        const std::scoped_lock lock(mutex_);
        const auto at = open_.find(fd);
        return at == open_.end() ? "" : at->second.path;
    }
    static FakeDisk &of(void *ctx)
    {
        return *static_cast<FakeDisk *>(ctx);
    }

    static int open(void *ctx, const char *path, int flags, unsigned)
    {
        FakeDisk &d = of(ctx);
        const std::scoped_lock lock(d.mutex_);
        if (d.fails("open"))
            return -1;
        Open o;
        if (!(flags & O_DIRECTORY)) {
            auto at = d.names_.find(path);
            if (at == d.names_.end() && !(flags & O_CREAT)) {
                errno = ENOENT;
                return -1;
            }
            if (at == d.names_.end())
                d.change({"", path, std::make_shared<File>()});
            at = d.names_.find(path);
            o.file = at->second;
            if (flags & O_TRUNC)
                o.file->data.clear();
            o.append = flags & O_APPEND;
            o.path = path;
        }
        d.open_[++d.last_fd_] = o;
        return d.last_fd_;
    }
    static int close(void *ctx, int fd)
    {
        FakeDisk &d = of(ctx);
        const std::scoped_lock lock(d.mutex_);
        d.open_.erase(fd);
        return 0;
    }
    static int64_t read(void *ctx, int fd, void *data, size_t n)
    {
        FakeDisk &d = of(ctx);
        const std::scoped_lock lock(d.mutex_);
        Open *found = d.find(fd);
        if (!found)
            return -1;
        Open &o = *found;
        const size_t got = o.at < o.file->data.size() ? std::min(n, o.file->data.size() - o.at) : 0;
        memcpy(data, o.file->data.data() + o.at, got);
        o.at += got;
        return static_cast<int64_t>(got);
    }
    static int64_t write_at(void *ctx, int fd, const void *data, size_t n, uint64_t offset)
    {
        FakeDisk &d = of(ctx);
        const std::scoped_lock lock(d.mutex_);
        if (d.fails("write"))
            return -1;
        Open *found = d.find(fd);
        if (!found)
            return -1;
        std::string &to = found->file->data;
        if (to.size() < offset + n)
            to.resize(offset + n);
        memcpy(to.data() + offset, data, n);
        return static_cast<int64_t>(n);
    }
    static int64_t write(void *ctx, int fd, const void *data, size_t n)
    {
        FakeDisk &d = of(ctx);
        d.wait_while_stalled("write", fd);
        const std::scoped_lock lock(d.mutex_);
        if (d.fails("write"))
            return -1;
        Open *found = d.find(fd);
        if (!found)
            return -1;
        Open &o = *found;
        if (d.halves_)
            n = (n + 1) / 2;
        if (o.append)
            o.at = o.file->data.size();
        o.file->data.replace(o.at, std::min(n, o.file->data.size() - o.at),
                             static_cast<const char *>(data), n);
        o.at += n;
        return static_cast<int64_t>(n);
    }
    static int64_t size(void *ctx, int fd)
    {
        FakeDisk &d = of(ctx);
        const std::scoped_lock lock(d.mutex_);
        const Open *found = d.find(fd);
        return found ? static_cast<int64_t>(found->file->data.size()) : -1;
    }
    static int seek(void *ctx, int fd, uint64_t offset)
    {
        FakeDisk &d = of(ctx);
        const std::scoped_lock lock(d.mutex_);
        Open *found = d.find(fd);
        if (found)
            found->at = offset;
        return found ? 0 : -1;
    }
    static int truncate(void *ctx, int fd, uint64_t n)
    {
        FakeDisk &d = of(ctx);
        const std::scoped_lock lock(d.mutex_);
        if (d.fails("truncate"))
            return -1;
        Open *found = d.find(fd);
        if (found)
            found->file->data.resize(n);
        return found ? 0 : -1;
    }
    static int sync(void *ctx, int fd)
    {
        return sync_as(of(ctx), fd, "sync");
    }
    static int sync_data(void *ctx, int fd)
    {
        return sync_as(of(ctx), fd, "sync_data");
    }
    static int sync_as(FakeDisk &d, int fd, const char *call)
    {
        d.wait_while_stalled(call, fd);
        const std::scoped_lock lock(d.mutex_);
        if (d.fails(call))
            return -1;
        const Open *found = d.find(fd);
        if (!found)
            return -1;
        const Open &o = *found;
        if (o.file)
            o.file->synced = o.file->data;
        else
            d.synced_names_ = d.names_;
        if (!o.file)
            d.changes_.clear();
        return 0;
    }
    static int write_back(void *, int, uint64_t, uint64_t, bool)
    {
        return 0;
    }
    static int rename(void *ctx, const char *from, const char *to)
    {
        FakeDisk &d = of(ctx);
        d.wait_while_stalled("rename");
        const std::scoped_lock lock(d.mutex_);
        if (d.fails("rename"))
            return -1;
        const auto at = d.names_.find(from);
        if (at == d.names_.end()) {
            errno = ENOENT;
            return -1;
        }
        d.change({from, to, at->second});
        return 0;
    }
    static int unlink(void *ctx, const char *path)
    {
        FakeDisk &d = of(ctx);
        const std::scoped_lock lock(d.mutex_);
        if (d.fails("unlink"))
            return -1;
        if (d.names_.count(path) == 0) {
            errno = ENOENT;
            return -1;
        }
        d.change({path, "", nullptr});
        return 0;
    }

    file_ops ops_;
    mutable std::mutex mutex_;
    Names names_, synced_names_;
    std::vector<Change> changes_; // between the two
    std::mutex stall_mutex_;
    std::condition_variable stall_ends_;
    std::string stalled_, stalled_path_;
    std::map<int, Open> open_;
    int last_fd_ = 2;
    int misused_ = 0;
    bool halves_ = false;
    int64_t calls_ = 0, fail_from_ = -1;
    bool once_ = false;
    std::string refused_;
    int error_ = 0;
};

#endif
