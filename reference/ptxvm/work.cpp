// A worker's loop: blocks (or whole clusters of them) in order from a common counter, and what to
// do with those that wait for other blocks.
#include <deque>

#include "reference/ptxvm/cluster.h"
#include "reference/ptxvm/grid.h"
#include "reference/ptxvm/where.h"

namespace ptxvm {
namespace {

constexpr uint64_t kResidentPerSm =
    16;  // blocks that wait for others, at most: as many as a GPU might hold

class Blocks {
 public:
  Blocks(Grid& grid, Worker& worker, size_t index, size_t workers, Site* sites, BlockCount* counts)
      : grid_(grid),
        worker_(worker),
        index_(index),
        workers_(workers),
        sites_(sites),
        counts_(counts) {}

  void run() try {
    if (grid_.cooperative) start_all();
    while (running_.empty() ? start() : true) {
      Cta& cta = *running_.front();
      const bool goes_on = cta.linear < grid_.stop_at && !(cta.cluster && cta.cluster->trapped);
      const Cta::Turn turn = goes_on ? guarded_turn(cta) : Cta::Turn::finished;
      if (turn == Cta::Turn::progress) continue;
      std::unique_ptr<Cta> moved = std::move(running_.front());
      running_.pop_front();
      if (turn == Cta::Turn::finished && grid_.model && moved->linear < grid_.stop_at)
        grid_.model->finish(moved->linear, moved->traces);
      if (turn == Cta::Turn::finished)
        idle_.push_back(std::move(moved));
      else
        set_aside(std::move(moved));
    }
  } catch (...) {  // no memory for another block
    trapped(0);
  }

 private:
  /// It waits for another block: those that are here get a turn, and one more begins.
  void set_aside(std::unique_ptr<Cta> cta) {
    running_.push_back(std::move(cta));
    if (!grid_.cooperative &&
        running_.size() < kResidentPerSm * uint64_t(grid_.config->sms) / workers_)
      start();
  }

  void start_all() {
    for (uint64_t i = index_; i < clusters(); i += workers_) begin_cluster(i);
  }

  bool start() {
    if (grid_.cooperative) return false;
    const uint64_t next = grid_.next_block.fetch_add(1);
    if (next >= clusters() || block_number(grid_, next, 0) >= grid_.stop_at) return false;
    begin_cluster(next);
    return true;
  }

  uint64_t clusters() const { return grid_.grid.count() / grid_.cluster.count(); }

  /// All its blocks, which may wait for each other.
  void begin_cluster(uint64_t number) {
    const auto ranks = uint32_t(grid_.cluster.count());
    if (ranks == 1) return begin(block_number(grid_, number, 0), nullptr);
    const auto threads = uint32_t(grid_.block.count());
    const auto cluster =
        std::make_shared<Cluster>(ranks, (threads + kLanes - 1) / kLanes, threads * ranks);
    for (uint32_t rank = ranks; rank-- > 0;) begin(block_number(grid_, number, rank), cluster);
  }

  void begin(uint64_t block, std::shared_ptr<Cluster> cluster) {
    std::unique_ptr<Cta> cta;
    if (idle_.empty()) {
      cta = std::make_unique<Cta>(grid_, worker_, sites_, counts_);
    } else {
      cta = std::move(idle_.back());
      idle_.pop_back();
    }
    cta->start(block, std::move(cluster));
    running_.push_front(std::move(cta));
  }

  Cta::Turn guarded_turn(Cta& cta) {
    try {
      const Cta::Turn turn = cta.turn();
      const bool limited = grid_.deadline != std::chrono::steady_clock::time_point::max();
      if (limited && turn != Cta::Turn::finished &&
          std::chrono::steady_clock::now() > grid_.deadline)
        throw overdue(cta);
      return turn;
    } catch (...) {
      if (cta.cluster) cta.cluster->trapped = true;
      trapped(cta.linear);
      return Cta::Turn::finished;
    }
  }

  /// The trap of the lowest block is the launch's, whichever worker was first.
  void trapped(uint64_t block) {
    const std::lock_guard lock(grid_.trapping);
    if (block >= grid_.stop_at) return;
    grid_.stop_at = block;
    grid_.trap = std::current_exception();
  }

  Grid& grid_;
  Worker& worker_;
  const uint64_t index_, workers_;
  Site* sites_;
  BlockCount* counts_;
  std::deque<std::unique_ptr<Cta>> running_, idle_;
};

}  // namespace

void work(Grid& grid, Worker& worker, size_t index, size_t workers, Site* sites,
          BlockCount* counts) {
  Blocks(grid, worker, index, workers, sites, counts).run();
}

}  // namespace ptxvm
