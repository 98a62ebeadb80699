// Where the robust programme's settings and weights come from: the recording itself.
//
// They are found on means over blocks of about a quarter of a second, in rounds. The smallest response believed, a, is a
// multiple of the noise and a share of the phasic part's height, whose shape the response only roughly has:
//
//   a = sqrt((U sigma)^2 + (0.025 q95(r))^2),   U = 1.23 (h_peak / int h^2) sqrt(int h^2 dt) sqrt(2 ln n)
//
// A round solves the programme with alpha = a int h^2 / h_peak, delta = 4 alpha per second and kappa = 9 alpha, then once
// more with each sample's costs divided by one plus what the first solution has there, in units of the smallest: so an l1
// norm, which shrinks what it selects, nearly counts instead. After a response the driver's cost stays low for a while and
// returns exponentially: real responses recover more slowly than the model's, and what is left of one, or of many in a
// train, would otherwise be taken for the level. Rounds end when a has changed by less than a tenth. One solution
// at the recording's own rate follows, with costs from the last round's second solution, of which only what is more than
// one smallest response counts: a train is found nearly in full, and what hardly stands out gets no cheaper. Where the blocks
// are the signal's samples, these costs have a programme on blocks too, from whose solution the last one begins.
//
// How stiff the level is depends on how it moves beside the noise: were both random, with noise of density sigma^2 dt and
// curvature c, gamma would be sigma^2 dt / c^2. The first round has the default, each one after it
//
//   stiffness = 1.7 (sigma^2 dt / c^2)^(1/4),   from 1 to 6 s,
//
// with c the level's curvature after the round before, root mean square, together with five bends of the default's (of what is
// known): a wave of the level is followed, and a level that rests does not follow a train of responses.
// The last programme has the last round's, and where something is known, the one that follows from its only round.
//
// Noise changes over a day: sigma, the height and the curvature, and so a and the stiffness, are found in periods of a quarter
// of an hour that overlap by half, and their logarithms are interpolated between the middles. A recording of less than one and
// a half periods has one of each.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "programme/robust/model.hpp"
#include "solvers/robust/interior_point.hpp"

namespace ressin::robust {

struct Rules {
  double threshold = 1.23;               // factor of the universal threshold
  double misfit = 0.025;                 // of the phasic part's 95 % quantile
  double outlier_cost = 4.0;             // delta over alpha, 1/s
  double shift_cost = 9.0;               // kappa over alpha
  double reweighting = 1.0;              // share of what the first solution has that counts
  double response_reach = 0.75;          // s, to either side: responses that stand together
  double recovery = 3.5;                 // s in which what a response allows after it falls to 1/e
  double recovery_most = 10.0;           // that it allows, in smallest responses: contact that comes back is no long response
  double passed_over = 1.0;              // smallest responses that the last costs do not count
  double outlier_reach = 0.5;            // s
  double curvature = 1.7;                // factor of the stiffness
  double softest = 1.0, stiffest = 6.0;  // s
  double expected_bends = 5.0;           // of the default's curvature, counted with those that are seen
  double enough = 0.1;                   // change of log a that ends the rounds
  int most_rounds = 4;
  double block = 0.25;    // s
  double period = 900.0;  // s over which noise and height are taken to be the same
};

// The loads of one rate, in the signal's unit and seconds.
struct Loads {
  std::vector<double> alpha, delta, kappa;  // (n,)
  double alpha_before = 0.0;
};

// What is known of a signal beforehand, as in a stream: then one round follows, with the smallest response that it makes.
struct Known {
  double noise, height;  // of means over blocks; the phasic part's 95 % quantile
  double stiffness;      // s
  double n_blocks;       // that the threshold counts
};

// Costs that were found before: then one programme on blocks follows, in which the last one begins.
struct Given {
  const double *alpha, *delta, *kappa;  // (n,)
  double alpha_before;
  const double* stiffness;  // (n_bends,) of the signal's own rate
};

struct Signal {
  const double* y;        // finite where the weight is not zero
  const double* weights;  // or null for ones
  std::ptrdiff_t n;
  double dt;
  std::optional<Known> known = {};
  std::optional<Given> given = {};
};

class Procedure {
 public:
  Procedure(const Signal& signal, const Settings& settings, const Rules& rules, double tol, int max_iterations);
  Procedure(const Procedure&) = delete;  // requests point into it
  Procedure& operator=(const Procedure&) = delete;

  static std::ptrdiff_t block_size(const Rules& rules, double dt);

  // A signal that has no noise and no change: nothing is to be solved.
  bool is_constant() const { return constant_; }
  bool is_estimated() const { return estimated_; }
  bool is_reweighted() const { return reweighted_; }  // the next programme on blocks is a round's second
  // After the rounds: it has the costs of the one at the signal's own rate, which begins at its solution where that is the
  // blocks' rate.
  bool is_last_on_blocks() const { return settled_ && block_ == 1; }
  // The next programme on blocks; then, once estimated, the one at the signal's own rate.
  const Request& next_request() const { return request_; }
  const Request& prepare_final(const Model& model);
  void take(const Model& blocks, Solution&& x);

  double mean() const { return mean_; }
  double scale() const { return scale_; }
  // medians over periods
  double smallest_response() const { return median_over_periods(&Period::smallest); }
  double noise() const { return median_over_periods(&Period::noise); }
  double height() const { return median_over_periods(&Period::height); }
  // (n_bends,) of the last programme that was prepared
  const std::vector<double>& stiffness() const { return stiffness_; }
  int rounds() const { return round_; }
  bool is_bounded() const { return bounded_; }
  const Loads& loads() const { return loads_; }  // at the signal's own rate once prepare_final() is called
  int iterations() const { return iterations_; }

 private:
  void form_blocks();
  void find_scale();
  // Blocks begin .. end - 1, about a middle.
  struct Period {
    std::ptrdiff_t begin, end;
    double middle;
    double noise = 0.0, height = 0.0, smallest = 0.0, stiffness = 0.0;
  };
  void form_periods();
  double median_over_periods(double Period::* of) const;
  void start();
  double first_noise(const Period& s) const;
  std::vector<double> over_blocks(double Period::* of) const;
  void find_stiffness(const Model& model, std::ptrdiff_t samples_per_block);
  void set_plain();
  void set_given();
  void take_given();
  void find_given_stiffness(const Model& model, std::ptrdiff_t samples_per_block);
  void reweight(const Model& model, const Solution& x, double passed_over);
  std::vector<double> next_smallest(const Model& model, const Solution& x);
  bool hardly_changes(const std::vector<double>& next) const;
  double noise_of(const Period& s, const Solution& x) const;
  double phasic_height(const Period& s, const Model& model, const Solution& x) const;
  double stiffness_of(const Period& s, const Model& model, const Solution& x) const;
  void request_blocks();

  Signal signal_;
  Settings settings_;
  Rules rules_;
  double tol_;
  int max_iterations_;
  std::ptrdiff_t block_, n_blocks_;
  double block_dt_;
  std::vector<double> means_, block_weights_, scaled_, final_signal_;
  double mean_ = 0.0, scale_ = 1.0, least_noise_ = 0.0, universal_ = 0.0;
  std::vector<Period> periods_;   // those in which anything is observed; none for a constant signal
  std::vector<double> smallest_;  // (n_blocks,) a
  std::vector<double> stiffness_;
  bool constant_ = false, settled_ = false, estimated_ = false, bounded_ = true, reweighted_ = false;
  int round_ = 0, iterations_ = 0;
  Loads loads_, request_loads_;  // request_loads_: over the scale
  Request request_;
};

}  // namespace ressin::robust
