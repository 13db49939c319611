# Closed forms of mediation in base R 4.2.2, independent of the package: Valeri & VanderWeele 2013 (Psychol Methods 18:137),
# the formulas of their macros and of the packages regmedint and CMAverse, which Debian does not have.
# Reads mediation.csv and rare.csv (make_rare.py), prints valeri_vanderweele.json. Run in this folder.
suppressMessages(library(jsonlite))
d <- read.csv("mediation.csv"); r <- read.csv("rare.csv")
out <- list()

# Mediator and outcome are numbers, with interaction; delta-method SE from the joint covariance of both fits.
# Order of coefficients: b = intercept, exposure, covariate; t = intercept, exposure, mediator, covariate, product.
linear <- function(b, t, cbar) c(
  direct = t[[2]] + t[[5]] * (b[[1]] + b[[3]] * cbar),           # pure: mediator as if unexposed
  indirect = b[[2]] * (t[[3]] + t[[5]]),                         # total: among the exposed
  total_direct = t[[2]] + t[[5]] * (b[[1]] + b[[2]] + b[[3]] * cbar),
  pure_indirect = b[[2]] * t[[3]])
m <- lm(bmi ~ abused + age, d); y <- lm(crp ~ abused + bmi + age + abused:bmi, d)
joint <- function(m, y) {
  k <- length(coef(m)); l <- length(coef(y)); v <- matrix(0, k + l, k + l)
  v[1:k, 1:k] <- vcov(m); v[k + 1:l, k + 1:l] <- vcov(y); v
}
slope <- function(f, x) sapply(seq_along(x), function(i) {
  h <- 1e-5 * max(abs(x[i]), 1e-3); u <- x; w <- x; u[i] <- u[i] + h; w[i] <- w[i] - h; (f(u) - f(w)) / (2 * h) })
of <- function(x) linear(x[1:3], x[4:8], mean(d$age))
x <- c(coef(m), coef(y)); g <- slope(of, x)
out$linear <- list(estimate = as.list(of(x)), se = as.list(sqrt(diag(g %*% joint(m, y) %*% t(g)))))
names(out$linear$se) <- names(of(x))

# Yes/no outcome that is rare, mediator a number: logarithms of odds ratios at the mean of the covariate.
rare <- function(b, t, s2, cbar) c(
  direct = t[[2]] + t[[5]] * (b[[1]] + b[[3]] * cbar + t[[3]] * s2) + 0.5 * t[[5]]^2 * s2,
  indirect = (t[[3]] + t[[5]]) * b[[2]])
m <- lm(bmi ~ abused + age, r); y <- glm(ill ~ abused + bmi + age + abused:bmi, binomial, r, epsilon = 1e-14)
s2 <- summary(m)$sigma^2
of <- function(x) rare(x[1:3], x[4:8], s2, mean(r$age))
x <- c(coef(m), coef(y)); g <- slope(of, x)
out$rare <- list(estimate = as.list(of(x)), se = as.list(sqrt(diag(g %*% joint(m, y) %*% t(g)))))
names(out$rare$se) <- names(of(x))

# Natural effects through two mediators in order, a yes/no one and then a number, on a yes/no outcome: exact.
m1 <- glm(smoker ~ abused + age, binomial, d, epsilon = 1e-14)
m2 <- lm(bmi ~ abused + smoker + abused:smoker + age, d); s <- summary(m2)$sigma
y <- glm(depressed ~ abused * (smoker + bmi) + age, binomial, d, epsilon = 1e-14); b <- coef(y)
EY <- function(a, astar) {
  p <- predict(m1, transform(d, abused = astar), type = "response")
  one <- function(v) {
    mu <- predict(m2, transform(d, abused = astar, smoker = v))
    sapply(seq_len(nrow(d)), function(i) integrate(function(x) plogis(
      b["(Intercept)"] + b["abused"] * a + b["smoker"] * v + b["bmi"] * x + b["age"] * d$age[i] + b["abused:smoker"] * a * v +
      b["abused:bmi"] * a * x) * dnorm(x, mu[i], s), mu[i] - 9 * s, mu[i] + 9 * s, rel.tol = 1e-10)$value)
  }
  mean(p * one(1) + (1 - p) * one(0))
}
e <- c(EY(0, 0), EY(1, 0), EY(1, 1))
out$ordered <- list(total = e[3] - e[1], direct = e[2] - e[1], indirect = e[3] - e[2])

# Sampling weights: weighted fits, and means weighted alike.
d$w <- 1 + (seq_len(nrow(d)) - 1) %% 4; d$w <- d$w / mean(d$w)
m <- lm(bmi ~ abused + age, d, weights = w); y <- lm(crp ~ abused + bmi + age + abused:bmi, d, weights = w)
out$weighted <- as.list(linear(coef(m), coef(y), weighted.mean(d$age, d$w)))
out$versions <- R.version.string
writeLines(toJSON(out, auto_unbox = TRUE, digits = 12, pretty = TRUE), "valeri_vanderweele.json")
