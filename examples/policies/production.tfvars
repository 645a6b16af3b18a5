# The scaling policy of production, as scaledeck reads it. Every variable is optional: what is not
# here has the specification's value for its environment.

# --- Environment ---

# production or staging: the defaults of everything below.
environment = "production"

# --- ECS service ---

# Fewest tasks, at any hour.
ecs_min_capacity = 2

# Most tasks.
ecs_max_capacity = 10

# Scale out above this CPU utilization, in below; %.
ecs_cpu_target = 70

# Scale out above this memory utilization, in below; %.
ecs_memory_target = 80

# Scale out above this many requests per target and minute, in below.
ecs_requests_per_target = 1000

# How long a metric must stay above its target before an out: 2 periods, 5 minutes; seconds.
ecs_scale_out_window_s = 300

# How long every metric must stay below its target before an in: 5 periods, 25 minutes; seconds.
ecs_scale_in_window_s = 1500

# From the start of an out to the next one that is not larger; seconds.
ecs_scale_out_cooldown_s = 60

# From the end of any change, draining included, to the next in; seconds.
ecs_scale_in_cooldown_s = 300

# An in must leave every metric under this share of its target; above 0, at most 1.
ecs_scale_in_margin = 0.95

# Most tasks that one in takes away.
ecs_scale_in_max_step = 1

# --- Scheduled scaling ---

# Fewest tasks in peak hours; null: no peak floor.
peak_hours_min_capacity = 4

# Fewest tasks outside them; null: ecs_min_capacity.
off_peak_hours_min_capacity = 2

# First hour of the peak, 0 to 23.
peak_hours_start = 8

# Hour at which the peak is over, 0 to 24.
peak_hours_end = 22

# IANA zone of these hours, of weekends and of holidays.
schedule_timezone = "UTC"

# Fewest tasks on Saturdays and Sundays, all day; null: as on other days.
weekend_min_capacity = null

# Fewest tasks on a holiday, all day; null: as on other days.
holiday_min_capacity = null

# The holidays, as in ["2026-12-25"].
holidays = []

# --- RDS read replicas ---

# Fewest read replicas.
rds_min_replicas = 1

# Most read replicas.
rds_max_replicas = 5

# Instance class of a new replica.
rds_replica_instance_class = "db.t3.medium"

# --- ElastiCache ---

# Fewest nodes, the primary included.
redis_min_nodes = 2

# Most nodes, the primary included.
redis_max_nodes = 6

# Node type of the cache.
redis_node_type = "cache.t3.medium"

# --- Alarms ---

# Critical above this CPU utilization; %.
alarm_ecs_cpu_critical = 90

# For so long: 10 minutes; seconds.
alarm_ecs_cpu_critical_window_s = 600

# A warning above this CPU utilization; %.
alarm_ecs_cpu_warning = 80

# For so long: 15 minutes; seconds.
alarm_ecs_cpu_warning_window_s = 900

# Critical when no task has been healthy for so long; seconds.
alarm_unhealthy_window_s = 180

# A warning when more than this share of requests ends in a 5XX; %.
alarm_alb_5xx_percent = 1

# The share is taken over so long; seconds.
alarm_alb_5xx_window_s = 300

# With fewer requests than this in the window the share says nothing.
alarm_alb_5xx_min_requests = 100

# An alarm is over when it has not fired for so long; seconds.
alarm_clear_window_s = 300
