# Mediation by g-computation in base R, independent of the package: R 4.2.2, MASS and nnet of that release, survey 4.1-1.
# Reads mediation.csv (make_mediation.py), prints mediation.json. R's package "mediation" draws at random and gives no
# number to pin to; its target is that of the sums and integrals below.
suppressMessages({library(MASS); library(nnet); library(jsonlite)})
d <- read.csv("mediation.csv")
d$smoking <- factor(d$smoking, levels = c("never", "former", "current"), ordered = TRUE)
out <- list()
link <- list(rd = identity, rr = log, or = qlogis)

# Yes/no outcome, mediator a number: numerical integral over the normal density.
m <- lm(bmi ~ abused + age, d)
y <- glm(depressed ~ abused * bmi + age, binomial, d)
b <- coef(y)
EY <- function(a, astar) {
  mu <- predict(m, transform(d, abused = astar)); s <- summary(m)$sigma
  mean(sapply(seq_len(nrow(d)), function(i) integrate(function(x)
    plogis(b[1] + b["abused"] * a + b["bmi"] * x + b["age"] * d$age[i] + b["abused:bmi"] * a * x) * dnorm(x, mu[i], s),
    mu[i] - 9 * s, mu[i] + 9 * s, rel.tol = 1e-10)$value))
}
e <- c(EY(0, 0), EY(1, 0), EY(0, 1), EY(1, 1))
out$continuous <- lapply(link, function(f) c(total = f(e[4]) - f(e[1]), direct = f(e[2]) - f(e[1]), indirect = f(e[4]) - f(e[2])))

# Yes/no outcome and mediator: exact sum.
m <- glm(obese ~ abused + age, binomial, d)
y <- glm(depressed ~ abused * obese + age, binomial, d)
EY <- function(a, astar) {
  p <- predict(m, transform(d, abused = astar), type = "response")
  r <- function(v) predict(y, transform(d, abused = a, obese = v), type = "response")
  mean(p * r(1) + (1 - p) * r(0))
}
e <- c(EY(0, 0), EY(1, 0), EY(0, 1), EY(1, 1))
out$binary <- lapply(link, function(f) c(total = f(e[4]) - f(e[1]), direct = f(e[2]) - f(e[1]), indirect = f(e[4]) - f(e[2])))

# Ordered and multinomial mediator, outcome a number.
for (kind in c("ordered", "multinomial")) {
  m <- if (kind == "ordered") polr(smoking ~ abused + age, d, control = list(reltol = 1e-15, maxit = 1000)) else
    multinom(smoking ~ abused + age, d, trace = FALSE, reltol = 1e-15, maxit = 1000)
  d$smoke <- factor(d$smoking, ordered = FALSE)
  y <- lm(crp ~ abused * smoke + age, d)
  EY <- function(a, astar) {
    p <- predict(m, transform(d, abused = astar), type = "probs")
    mean(rowSums(p * sapply(levels(d$smoke), function(v) predict(y, transform(d, abused = a, smoke = factor(v, levels(d$smoke)))))))
  }
  e <- c(EY(0, 0), EY(1, 0), EY(0, 1), EY(1, 1))
  out[[kind]] <- c(total = e[4] - e[1], direct = e[2] - e[1], indirect = e[4] - e[2])
}

# Interventional effects of two yes/no mediators in order: exact sums.
m1 <- glm(smoker ~ abused + age, binomial, d)
m2 <- glm(obese ~ abused + smoker + abused:smoker + age, binomial, d)
y <- glm(depressed ~ abused * (smoker + obese) + age, binomial, d)
p1 <- function(a) predict(m1, transform(d, abused = a), type = "response")
p2 <- function(a, s) predict(m2, transform(d, abused = a, smoker = s), type = "response")
own2 <- function(a) p1(a) * p2(a, 1) + (1 - p1(a)) * p2(a, 0)
r <- function(a, s, o) predict(y, transform(d, abused = a, smoker = s, obese = o), type = "response")
bern <- function(p, v) if (v == 1) p else 1 - p
joint <- function(a, b) { t <- 0; for (s in 0:1) for (o in 0:1) t <- t + bern(p1(b), s) * bern(p2(b, s), o) * r(a, s, o); mean(t) }
indep <- function(b1, b2) { t <- 0; for (s in 0:1) for (o in 0:1) t <- t + bern(p1(b1), s) * bern(own2(b2), o) * r(1, s, o); mean(t) }
out$interventional <- c(total = joint(1, 1) - joint(0, 0), direct = joint(1, 0) - joint(0, 0),
  smoker = indep(1, 0) - indep(0, 0), obese = indep(1, 1) - indep(1, 0),
  dependence = joint(1, 1) - joint(1, 0) - indep(1, 1) + indep(0, 0))

# Imai, Keele & Yamamoto 2010, theorem 4, at rho = 0.3, and the break-even correlation.
a <- lm(crp ~ abused + age, d); m <- lm(bmi ~ abused + age, d)
rt <- cor(resid(a), resid(m)); s <- sqrt(sum(resid(a)^2) / sum(resid(m)^2))
out$rho <- c(at = unname(coef(m)["abused"] * s * (rt - 0.3 * sqrt((1 - rt^2) / (1 - 0.3^2)))), even = rt)
writeLines(toJSON(lapply(out, function(x) if (is.list(x)) lapply(x, as.list) else as.list(x)), auto_unbox = TRUE, digits = 12, pretty = TRUE), "mediation.json")
