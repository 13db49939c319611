# Values that test_models.py, test_clusterings.py and test_discrimination.py are pinned to:
# mclust 6.0.0, fpc 2.2-10, pROC 1.18.0, metafor (see versions printed into pins.json), R 4.2.2.
# Run in this folder: Rscript pins.R   (reads people.csv of make_people.py, writes pins.json)
suppressMessages({library(mclust); library(fpc); library(pROC); library(metafor); library(jsonlite)})
options(digits = 15)
d <- read.csv("people.csv")
x <- as.matrix(d[, c("a", "b", "c", "d")])

# mclust: its BIC is 2 log L - p log n, ours p log n - 2 log L. A tighter EM than the default, so that both reach the top.
tight <- emControl(tol = c(1e-12, 1e-12), itmax = c(5000, 5000))
names_of <- c(full = "VVV", tied = "EEE", diag = "VVI")
bic <- lapply(names_of, function(m) sapply(1:3, function(k) Mclust(x, G = k, modelNames = m, control = tight, verbose = FALSE)$bic))
best <- Mclust(x, G = 3, modelNames = "EEE", control = tight, verbose = FALSE)
order_of <- order(best$parameters$mean[1, ])
class <- match(best$classification, order_of)
icl <- icl(best)

# fpc: bootstrap Jaccard means of k-means with 2 and 3 clusters.
clusterboot_means <- lapply(c(2, 3), function(k) {
  set.seed(1)
  cb <- clusterboot(x, B = 200, bootmethod = "boot", clustermethod = kmeansCBI, krange = k, runs = 20, seed = 1, count = FALSE)
  o <- order(cb$result$result$centers[, 1])
  list(mean = unname(cb$bootmean[o]), size = as.vector(table(cb$partition))[o])
})

# pROC: area and DeLong variance of two markers for the yes/no variable, and of their difference.
r1 <- roc(d$yes, d$c, direction = "<", levels = c(0, 1), quiet = TRUE)
r2 <- roc(d$yes, d$a, direction = "<", levels = c(0, 1), quiet = TRUE)
delong <- list(auc = c(as.numeric(auc(r1)), as.numeric(auc(r2))), var = c(var(r1), var(r2)), cov = cov(r1, r2))

# Calibration slope and calibration in the large of an invented prediction.
p <- plogis(-0.6 + 0.8 * d$c); lp <- qlogis(p)
slope <- summary(glm(yes ~ lp, family = binomial, data = d))$coefficients["lp", 1:2]
large <- summary(glm(yes ~ offset(lp), family = binomial, data = d))$coefficients[1, 1:2]

# metafor: log ratio of coefficients of variation.
cvr <- escalc(measure = "CVR", m1i = 2.4, sd1i = 2.1, n1i = 80, m2i = 1.9, sd2i = 2.0, n2i = 120)

out <- list(bic = bic, class = class, icl = as.numeric(icl), clusterboot = clusterboot_means, delong = delong,
  calibration = list(slope = unname(slope), large = unname(large)), cvr = c(as.numeric(cvr$yi), cvr$vi),
  versions = sapply(c("mclust", "fpc", "pROC", "metafor"), function(q) as.character(packageVersion(q))))
write(toJSON(out, digits = 15, auto_unbox = TRUE, pretty = TRUE), "pins.json")
