set -eu
umask 077
# Systems Manager may hand over a command twice; one dump is enough.
work=/run/tocsin-memory-{{ IncidentId }}
mkdir "$work" || { echo 'a dump for this incident is under way, or was made' >&2; exit 3; }
volume={{ VolumeId }}
for disk in "/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_vol${volume#vol-}" /dev/sdz /dev/xvdz; do
  [ ! -e "$disk" ] || break
done
[ -e "$disk" ] || { echo 'the volume for the dump does not show' >&2; exit 4; }
# What has something on it already is not the volume that was made for this.
! blkid "$disk" >&2 || { echo 'the volume for the dump is not empty' >&2; exit 5; }
mkfs.ext4 -q "$disk"
mkdir "$work/disk"
mount "$disk" "$work/disk"
cd "$work/disk"
curl --fail --silent --show-error --max-time 120 --output tool '{{ ToolUrl }}'
echo '{{ ToolSha256 }}  tool' | sha256sum --check --quiet >&2
chmod 700 tool
./tool memory.lime >&2
sha256sum memory.lime > memory.lime.sha256
printf '{"sha256":"%s","bytes":%s}\n' "$(cut -c1-64 memory.lime.sha256)" "$(stat -c %s memory.lime)"
cd /
sync
umount "$work/disk"
