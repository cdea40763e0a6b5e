//! Files: read whole within a bound, written whole or not at all, never overwritten.
//!
//! What is written goes to a temporary name beside its place first, is flushed to the disk, and
//! gets its name in one step that fails if the name is taken: by a hard link for a file, by a
//! rename for a directory. Whoever sees the name sees all of it.

use super::failure::{Complaint, Failure};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Who may read a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// Everybody that the system lets.
    Public,
    /// The owner alone: mode 0600, directories 0700.
    Secret,
}

impl Access {
    fn options(self) -> OpenOptions {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt;
            options.mode(if self == Access::Secret { 0o600 } else { 0o644 });
        }
        options
    }

    fn create_directory(self, path: &Path) -> io::Result<()> {
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        {
            use std::os::unix::fs::DirBuilderExt;
            builder.mode(if self == Access::Secret { 0o700 } else { 0o755 });
        }
        builder.create(path)
    }
}

/// A failure of the system on a file.
pub(super) fn io_failure(action: &str, path: &Path, error: &io::Error) -> Failure {
    let remedy = match error.kind() {
        io::ErrorKind::NotFound => "check the name and that its directory is there",
        io::ErrorKind::PermissionDenied => "check the owner and mode of the file and its directory",
        io::ErrorKind::AlreadyExists => "nothing is overwritten: move it away, or name another",
        io::ErrorKind::IsADirectory => "name a file, not a directory",
        io::ErrorKind::NotADirectory => "name a directory where one is asked for",
        io::ErrorKind::StorageFull => "make room on the disk",
        _ => "check the file and its file system",
    };
    let problem = format!("cannot {action}: {error}");
    Failure::input(Complaint::new(problem).in_file(path).remedy(remedy))
}

/// Reads a file of at most `most` octets.
pub(super) fn read(path: &Path, most: usize) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let failed = |error: io::Error| io_failure("read", path, &error);
    let file = File::open(path).map_err(failed)?;
    let length = file.metadata().map_err(failed)?.len();
    let too_long = || {
        let problem = format!("longer than the {most} octets that are read");
        Failure::input(Complaint::new(problem).in_file(path).remedy("check that it is the file"))
    };
    // With room for all of it from the start no copy is left behind unwiped.
    let room = usize::try_from(length).ok().filter(|length| *length <= most);
    let mut octets = Zeroizing::new(Vec::with_capacity(room.ok_or_else(too_long)? + 1));
    file.take(most as u64 + 1).read_to_end(&mut octets).map_err(failed)?;
    if octets.len() > most { Err(too_long()) } else { Ok(octets) }
}

/// Reads a text file of at most `most` octets.
pub(super) fn read_text(path: &Path, most: usize) -> Result<Zeroizing<String>, Failure> {
    let octets = read(path, most)?;
    let text = std::str::from_utf8(&octets).map_err(|error| {
        let problem = format!("octet {} is not UTF-8", error.valid_up_to());
        Failure::input(Complaint::new(problem).in_file(path).remedy("save the file as UTF-8"))
    })?;
    Ok(Zeroizing::new(text.to_owned()))
}

/// Names beside `path` for something that is not finished.
fn temporary_names(path: &Path) -> impl Iterator<Item = PathBuf> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let directory = parent(path);
    let process = std::process::id();
    (0..1000).map(move |n| directory.join(format!(".{name}.{process}.{n}.tmp")))
}

fn parent(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// Makes a name reach the disk. Not every file system can; the name is there either way.
fn sync_directory(path: &Path) {
    if let Ok(directory) = File::open(parent(path)) {
        let _ = directory.sync_all();
    }
}

fn create<T>(path: &Path, make: impl Fn(&Path) -> io::Result<T>) -> Result<(PathBuf, T), Failure> {
    if path.file_name().is_none() {
        let complaint = Complaint::new("not the name of a file or directory to make");
        return Err(Failure::input(complaint.in_file(path).remedy("name one")));
    }
    if path.symlink_metadata().is_ok() {
        return Err(taken(path));
    }
    let mut last = io::Error::from(io::ErrorKind::AlreadyExists);
    for temporary in temporary_names(path) {
        match make(&temporary) {
            Ok(made) => return Ok((temporary, made)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => last = error,
            Err(error) => return Err(io_failure("write", path, &error)),
        }
    }
    Err(io_failure("write", path, &last))
}

fn taken(path: &Path) -> Failure {
    io_failure("write", path, &io::Error::from(io::ErrorKind::AlreadyExists))
}

/// A file that is being written, and appears under its name when it is whole.
pub(super) struct NewFile {
    path: PathBuf,
    temporary: PathBuf,
    writer: Option<BufWriter<File>>,
    kept: bool,
}

impl NewFile {
    pub(super) fn begin(path: &Path, access: Access) -> Result<Self, Failure> {
        let (temporary, file) = create(path, |temporary| access.options().open(temporary))?;
        let writer = Some(BufWriter::new(file));
        Ok(NewFile { path: path.to_owned(), temporary, writer, kept: false })
    }

    pub(super) fn write(&mut self, octets: &[u8]) -> Result<(), Failure> {
        let Some(writer) = &mut self.writer else { return Ok(()) };
        writer.write_all(octets).map_err(|error| io_failure("write", &self.path, &error))
    }

    /// Where its octets go, for what is not written from front to back. None once it is settled.
    pub(super) fn writer(&mut self) -> Option<&mut BufWriter<File>> {
        self.writer.as_mut()
    }

    /// Brings all of it to the disk, and finds its name still free: what is done for good between
    /// this and the name is hardly done in vain. Nothing can be written after it.
    pub(super) fn settle(&mut self) -> Result<(), Failure> {
        let failed = |error: io::Error| io_failure("write", &self.path, &error);
        if let Some(writer) = self.writer.take() {
            let file = writer.into_inner().map_err(|error| failed(error.into_error()))?;
            file.sync_all().map_err(failed)?;
        }
        if self.path.symlink_metadata().is_ok() { Err(taken(&self.path)) } else { Ok(()) }
    }

    /// Gives the file its name.
    pub(super) fn commit(mut self) -> Result<(), Failure> {
        self.settle()?;
        self.name().map_err(|error| io_failure("write", &self.path, &error))
    }

    /// Gives what was settled its name. What cannot be made again stays where it is if that fails,
    /// and the failure says where.
    pub(super) fn commit_or_keep(mut self) -> Result<(), Failure> {
        self.name().map_err(|error| {
            self.kept = true;
            let complaint = Complaint::new(format!("cannot write: {error}")).in_file(&self.path);
            let temporary = self.temporary.display();
            Failure::input(complaint.remedy(format!("all of it is in {temporary}: move it")))
        })
    }

    fn name(&self) -> io::Result<()> {
        fs::hard_link(&self.temporary, &self.path)?;
        sync_directory(&self.path);
        Ok(())
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if !self.kept {
            let _ = fs::remove_file(&self.temporary);
        }
    }
}

/// Writes a new file.
pub(super) fn write_new(path: &Path, octets: &[u8], access: Access) -> Result<(), Failure> {
    let mut file = NewFile::begin(path, access)?;
    file.write(octets)?;
    file.commit()
}

/// Puts a new content in place of a file's old one, in one step.
pub(super) fn replace(path: &Path, octets: &[u8], access: Access) -> Result<(), Failure> {
    let failed = |error: io::Error| io_failure("write", path, &error);
    for temporary in temporary_names(path) {
        let mut file = match access.options().open(&temporary) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
            opened => opened.map_err(failed)?,
        };
        let written = file.write_all(octets).and_then(|()| file.sync_all());
        if let Err(error) = written.and_then(|()| fs::rename(&temporary, path)) {
            let _ = fs::remove_file(&temporary);
            return Err(failed(error));
        }
        sync_directory(path);
        return Ok(());
    }
    Err(taken(path))
}

/// A directory that is being filled, and appears under its name when it is whole.
pub(super) struct NewDirectory {
    path: PathBuf,
    temporary: PathBuf,
    committed: bool,
}

impl NewDirectory {
    pub(super) fn begin(path: &Path, access: Access) -> Result<Self, Failure> {
        let (temporary, ()) = create(path, |temporary| access.create_directory(temporary))?;
        Ok(NewDirectory { path: path.to_owned(), temporary, committed: false })
    }

    /// Writes a file into it and flushes it to the disk.
    pub(super) fn add(&self, name: &str, octets: &[u8], access: Access) -> Result<(), Failure> {
        self.put(name, octets, access, File::sync_all)
    }

    /// Writes one of very many files into it; the system flushes them when it sees fit.
    pub(super) fn add_one_of_many(&self, name: &str, octets: &[u8]) -> Result<(), Failure> {
        self.put(name, octets, Access::Secret, |_| Ok(()))
    }

    fn put(
        &self,
        name: &str,
        octets: &[u8],
        access: Access,
        flush: impl Fn(&File) -> io::Result<()>,
    ) -> Result<(), Failure> {
        let write = || {
            let mut file = access.options().open(self.temporary.join(name))?;
            file.write_all(octets)?;
            flush(&file)
        };
        write().map_err(|error| io_failure("write", &self.path.join(name), &error))
    }

    /// Gives the directory its name.
    pub(super) fn commit(mut self) -> Result<(), Failure> {
        fs::rename(&self.temporary, &self.path)
            .map_err(|error| io_failure("write", &self.path, &error))?;
        self.committed = true;
        sync_directory(&self.path);
        Ok(())
    }
}

impl Drop for NewDirectory {
    fn drop(&mut self) {
        if !self.committed {
            let _ = fs::remove_dir_all(&self.temporary);
        }
    }
}

/// An exclusive lock between processes, held until it is dropped.
pub(super) struct Lock(File);

impl Lock {
    /// Waits for the lock on a file, which is made if it is not there.
    pub(super) fn take(path: &Path) -> Result<Self, Failure> {
        let failed = |error: io::Error| io_failure("lock", path, &error);
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).read(true).append(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt;
            options.mode(0o600);
        }
        let file = options.open(path).map_err(failed)?;
        file.lock().map_err(failed)?;
        Ok(Lock(file))
    }

    /// The locked file, open for reading and appending.
    pub(super) fn file(&self) -> &File {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("sigil-files-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir(&path).unwrap();
        path
    }

    /// Both find the name free when they begin.
    #[test]
    fn of_two_writers_at_once_one_wins_and_nothing_is_mixed() {
        let place = place("two");
        let path = place.join("file");
        let mut first = NewFile::begin(&path, Access::Public).unwrap();
        let mut second = NewFile::begin(&path, Access::Public).unwrap();
        first.write(b"first").unwrap();
        second.write(b"second").unwrap();
        assert!(!path.exists(), "not before it is whole");
        second.commit().unwrap();
        assert!(first.commit().unwrap_err().to_string().contains("nothing is overwritten"));
        assert_eq!(fs::read(&path).unwrap(), b"second");
        // What is settled and cannot be made again is not lost to a name that was taken since.
        let path = place.join("kept");
        let mut kept = NewFile::begin(&path, Access::Secret).unwrap();
        kept.write(b"kept").unwrap();
        kept.settle().unwrap();
        let temporary = kept.temporary.clone();
        fs::write(&path, b"other").unwrap();
        assert!(kept.settle().is_err());
        let failure = kept.commit_or_keep().unwrap_err().to_string();
        assert!(failure.contains("kept"), "{failure}");
        assert_eq!(fs::read(&temporary).unwrap(), b"kept");
        fs::remove_file(&temporary).unwrap();
        fs::remove_file(&path).unwrap();
        let path = place.join("directory");
        let first = NewDirectory::begin(&path, Access::Public).unwrap();
        let second = NewDirectory::begin(&path, Access::Public).unwrap();
        first.add("a", b"1", Access::Public).unwrap();
        second.add("b", b"2", Access::Public).unwrap();
        first.commit().unwrap();
        assert!(second.commit().is_err());
        assert_eq!(fs::read_dir(&path).unwrap().count(), 1);
        assert_eq!(fs::read_dir(&place).unwrap().count(), 2, "no temporary names are left");
        fs::remove_dir_all(&place).unwrap();
    }

    #[test]
    fn what_is_given_up_leaves_nothing_and_bounds_hold() {
        let place = place("drop");
        NewFile::begin(&place.join("file"), Access::Secret).unwrap().write(b"x").unwrap();
        drop(NewDirectory::begin(&place.join("directory"), Access::Secret).unwrap());
        assert_eq!(fs::read_dir(&place).unwrap().count(), 0);
        let path = place.join("five");
        write_new(&path, b"12345", Access::Public).unwrap();
        assert_eq!(read(&path, 5).unwrap().as_slice(), b"12345");
        assert!(read(&path, 4).unwrap_err().to_string().contains("longer than the 4 octets"));
        replace(&path, b"6", Access::Public).unwrap();
        assert_eq!(read(&path, 5).unwrap().as_slice(), b"6");
        fs::remove_dir_all(&place).unwrap();
    }
}
